"""How many examples hypothesis draws for a property: all of them, or a fifth where it is to be quick."""

from hypothesis import settings

ALL, FIFTH = 100, 20


def register_profiles() -> None:
    """Register `all` and `quick`, of which --hypothesis-profile takes one; the machine may be busy in both."""
    settings.register_profile("all", deadline=None, max_examples=ALL)
    settings.register_profile("quick", deadline=None, max_examples=FIFTH)
    settings.load_profile("all")


def draw_examples(number: int) -> settings:
    """Draw so many examples for the property that this decorates, or the share of them that the profile asks for."""
    return settings(max_examples=max(1, number * settings().max_examples // ALL))
