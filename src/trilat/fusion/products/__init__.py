"""Products: launch, end of burn, apogee, passage and impact, each with its uncertainty."""

__all__: list[str] = []
