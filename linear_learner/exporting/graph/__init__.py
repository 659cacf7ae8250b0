"""Nodes of ONNX over raw columns."""
