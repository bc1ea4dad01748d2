"""How well it goes: measures over the facts, compiled into the same statement."""
