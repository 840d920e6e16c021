package seal

import (
	"crypto/ed25519"
	"fmt"

	"kkachi/internal/cell"
)

// LabelBatch stands before what a sift signs of a batch; no note begins so (P14).
const LabelBatch = "kkachi/1 batch"

// BatchSignatureSize is the length in bytes of the signature after a batch (ed25519.SignatureSize).
const BatchSignatureSize = 64

// SignBatch appends a sift's Ed25519 signature (RFC 8032) to a batch as cell.MarshalBatch
// wrote it. It is made before the batch is sealed to the desks: the recipients stand at the
// host for all its token holders to read, so that sealing alone proves nothing of who made a
// batch. It fails with ErrRole if the key is no sift's.
func SignBatch(id NewsroomID, key *SigningKey, batch []byte) ([]byte, error) {
	if key.role != RoleSift {
		return nil, fmt.Errorf("%w: a %s key cannot sign a batch", ErrRole, key.role)
	}
	return append(batch, ed25519.Sign(key.private(), batchMessage(id, batch))...), nil
}

// OpenBatch checks the signature by one of the sift keys that the root note names, then reads
// the batch. Errors: ErrSignature, cell.ErrFormat, cell.ErrSize.
func OpenBatch(id NewsroomID, keys []VerifyKey, signed []byte) (cell.Day, []cell.Record, error) {
	at := len(signed) - BatchSignatureSize
	if at < 0 {
		return 0, nil, cell.ErrSize
	}
	batch, sig := signed[:at], signed[at:]
	message := batchMessage(id, batch)
	for _, k := range keys {
		if ed25519.Verify(k[:], message, sig) {
			return cell.ParseBatch(batch)
		}
	}
	return 0, nil, fmt.Errorf("batch: %w", ErrSignature)
}

func batchMessage(id NewsroomID, batch []byte) []byte {
	out := make([]byte, 0, len(LabelBatch)+1+len(id)+len(batch))
	out = append(out, LabelBatch...)
	out = append(out, 0)
	out = append(out, id[:]...)
	return append(out, batch...)
}
