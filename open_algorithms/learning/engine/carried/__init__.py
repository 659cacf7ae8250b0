"""MXNet and its licences, where a wheel carries them: setup.py copies them here as it builds one."""
