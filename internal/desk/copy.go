package desk

import "errors"

func inspect(file []byte) ([]PhotoFinding, error) { return nil, errors.New("not built yet") }

func harmless(original []byte) (*photoCopy, []byte, error) {
	return nil, nil, errors.New("not built yet")
}
