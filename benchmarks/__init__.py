"""What a durable bet costs, beside a bare reverse proxy in the same run: `make bench`."""
