"""The wire contract between hub and backends, shared by hub, SDK and certification.

Standard library only: nothing here reads a clock, a socket or the environment.
"""
