"""RecordIO-protobuf: frames, single records, and many alike decoded at once."""
