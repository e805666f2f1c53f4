package protocol

// cborToJSON returns one CBOR value as JSON.
func cborToJSON(raw []byte) ([]byte, error) { return nil, errStub }

// jsonToCBOR returns one JSON value as CBOR.
func jsonToCBOR(raw []byte) ([]byte, error) { return nil, errStub }
