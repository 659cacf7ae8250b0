"""The HTTP application: routes, answers, the page, many models."""
