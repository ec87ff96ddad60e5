"""Version 4 of the Main API: routes, bearer tokens, envelope, one file per resource."""
