"""Registration: the constant biases of sensors, estimated from objects that several of them see."""

__all__: list[str] = []
