"""What the actors of the local world do, one module a protocol."""
