"""The door for agents' servers, one package per version."""
