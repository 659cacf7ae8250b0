"""The SageMaker contract: folders, channels, content types and HTTP. Knows no linear model."""
