"""How a notice is written for each kind of receiver. Nothing here sends."""
