"""HTTP/1.1 on sockets: connections as pure state machines, the loop that owns the sockets, the threads that answer."""
