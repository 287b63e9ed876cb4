"""One module a page; `build(studio)` puts it together inside its route."""
