"""How each kind of source is judged, and made consistent, one file each."""
