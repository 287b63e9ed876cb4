"""What people and scripts see: pages, REST, links. Of ours it imports `backend.services` and settings, nothing deeper."""
