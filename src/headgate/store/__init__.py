"""What Headgate keeps, in SQLite or PostgreSQL; one module per aggregate."""
