"""A whole site on this machine: real servers, realistic data, the main job from end to end."""
