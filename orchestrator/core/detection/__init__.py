"""Signs of an attack, by plain arithmetic on restic's own figures and file lists. Pure."""
