"""What to begin now: backups, copies, drills, the upkeep of repositories. Pure."""
