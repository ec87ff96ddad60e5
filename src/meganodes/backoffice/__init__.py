"""The door for people who run the hub or an agent."""
