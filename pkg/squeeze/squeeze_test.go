package squeeze

import (
	"bytes"
	"compress/flate"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

func TestDeflateInflates(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, data := range map[string][]byte{
		"empty":      nil,
		"one byte":   {7},
		"two bytes":  {7, 7},
		"zeros":      make([]byte, 1<<20),
		"noise":      noise,
		"period 3":   bytes.Repeat([]byte("abc"), 100_000),
		"far match":  append(append(bytes.Clone(noise[:32<<10]), noise[:1000]...), noise[:258]...),
		"all values": bytes.Repeat([]byte(strings.Repeat("xyz", 100)+string(noise[:500])), 30),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Deflate(data); err != nil { // it reads its output back
				t.Error(err)
			}
		})
	}
}

func TestDeflateIsSmallerAndRepeatable(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program = program[:min(len(program), 1<<20)]
	got, err := Deflate(program)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Deflate(program)
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("two runs differ: %v", err)
	}
	var usual bytes.Buffer
	w, err := flate.NewWriter(&usual, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got)*100 > usual.Len()*97 {
		t.Errorf("%d bytes are not 3%% below the %d of compress/flate", len(got), usual.Len())
	}
	t.Logf("compress/flate %d, squeezed %d", usual.Len(), len(got))
}

func FuzzDeflate(f *testing.F) {
	f.Add([]byte("abcabcabcabcabd"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Deflate(data); err != nil {
			t.Error(err)
		}
	})
}
