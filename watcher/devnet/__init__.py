"""The local world: contracts fetched by hash, our own wrappers, and Anvil to run them."""
