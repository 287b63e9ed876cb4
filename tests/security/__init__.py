"""Attempts to break what the studio promises: one file a theme. Each promise, and the tests that try to break it:

| promise | tried by |
|---|---|
| binds 127.0.0.1; another address needs a login, or is meant | `backend/test_settings` test_an_address_that_others_reach_must_be_meant |
| its secret is made once, mode 0600 | `backend/test_settings` test_the_secret_is_made_once_and_for_its_owner_alone |
| who may do what, on every route; tokens, cookies, headers of proxies | `app/test_roles`, `app/test_auth`, `backend/test_accounts` |
| ids, sha256, names and paths of requests lead to no file | `test_paths`; uploads: test_the_name_of_an_upload_is_never_a_path |
| names in archives and bundles lead to no file | `test_uploads`, `alignment/test_archives`, `backend/test_bundles` |
| no write from another site; a name that is pointed at us reaches nothing | `test_origins`, `app/test_server` |
| reading changes nothing | `test_origins` test_reading_changes_nothing |
| Gradio gives out no file, takes in none that was not uploaded, asks no address; what of it is unused is closed | `test_gradio` |
| Gradio's private endpoints ask who calls, through its queue too | `app/test_auth_events` |
| links: forged, cut, of another salt or secret, revoked, expired, deleted | `test_links`, `app/test_share` |
| no text of anybody becomes HTML or script | `browser/test_hostile` (every element of the pages), `test_texts` (links, reports, spaces), `unlearning/editing/test_certificate` |
| uploads are what they are called, within their limits; no pickle, no bomb, no link, no name twice | `test_uploads`, `backend/test_uploads`; torch: `caching/test_router`, `caching/test_inception`, `anomaly/graphs/test_formats` |
| pictures: by their bytes, up to 100 million pixels | `test_uploads`, `fewshot/clip/test_images`, `app/test_fewshot` |
| a stranger's bundle breaks no page and no report | `test_liars`, `backend/test_bundles` |
| tables that we write compute nothing in a spreadsheet | `test_uploads` test_no_table_of_ours_computes, `backend/test_nodes` |
| models are owner/name[@revision]; where others reach us, allowed ones only; nothing else is fetched | `test_models` |
| webhooks reach no address that was not allowed | `backend/test_allowing`, `backend/test_webhooks` |
| no pickle, no shell, no code of a model, no SQL put together; JSON alone through the broker; no pattern runs for ever | `test_code` |
| headers on every answer; errors tell nothing of the inside | `test_serving` |
| bodies, depth, streams and connections are bounded | `test_serving` |
| documentation and monitoring are off | `test_serving`, `test_gradio` |
| `vitrine up --public` is for whoever can log in | `test_tunnel` |
| what was done is in the log, and stays there | `backend/test_acting`, `app/test_accounts` |
"""
