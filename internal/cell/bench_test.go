package cell

import (
	"crypto/rand"
	"testing"
)

// What a stamp costs who floods, and a reader: tries a second on one core, and the time of
// one stamp of the greatest difficulty.
func BenchmarkStamp(b *testing.B) {
	c := new(Cell)
	_, _ = rand.Read(c[:])
	tries := 0
	for b.Loop() {
		c[HeaderSize]++ // another cell
		_, _ = rand.Read(c[4:HeaderSize])
		if err := c.Stamp(MaxDifficulty); err != nil {
			b.Fatal(err)
		}
		tries += 1 << MaxDifficulty
	}
	b.ReportMetric(float64(tries)/b.Elapsed().Seconds(), "tries/s")
}
