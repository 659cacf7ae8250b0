"""The reference page of the hyperparameters of the algorithm that ALGORITHM names, printed as Markdown."""

import os

from open_algorithms.doors.algorithms import find_algorithm
from open_algorithms.learning.options.declaration import load_declarations
from open_algorithms.learning.options.reference import render_reference


def main() -> None:
    """Print the page."""
    algorithm = find_algorithm(os.environ)
    card, declaration = algorithm.card, algorithm.card.declaration
    source = f"{algorithm.package.replace('.', '/')}/{declaration.name}"
    print(render_reference(card.title, load_declarations(declaration).values(), source), end="")


if __name__ == "__main__":
    main()
