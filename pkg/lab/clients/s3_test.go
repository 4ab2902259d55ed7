package clients_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// bucket stands in for Amazon S3: objects, and who wrote them.
type bucket struct {
	sandbox *sandbox.Sandbox
	mu      sync.Mutex
	objects map[string][]byte
	// signers and keys are those of the requests, in their order.
	signers, keys []string
	refused       []string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	signer, err := b.sandbox.Signer(r, body, "s3")
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.refused = append(b.refused, r.Method+" "+r.URL.Path+": "+err.Error())
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		return
	}
	key, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
	b.signers, b.keys = append(b.signers, signer), append(b.keys, key)
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		body = joinChunks(body)
	}
	b.serve(w, r, body)
}

// joinChunks takes the signatures out of a body that is sent in chunks.
func joinChunks(body []byte) []byte {
	var whole []byte
	for r := bufio.NewReader(bytes.NewReader(body)); ; {
		header, err := r.ReadString('\n')
		size, _, _ := strings.Cut(header, ";")
		n, parseErr := strconv.ParseInt(size, 16, 32)
		if err != nil || parseErr != nil || n == 0 {
			return whole
		}
		chunk := make([]byte, n+int64(len("\r\n")))
		if _, err := io.ReadFull(r, chunk); err != nil {
			return whole
		}
		whole = append(whole, chunk[:n]...)
	}
}

func (b *bucket) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	content, there := b.objects[r.URL.Path]
	switch {
	case r.URL.Query().Get("list-type") == "2":
		b.list(w, r.URL.Path, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodHead && strings.Count(strings.Trim(r.URL.Path, "/"), "/") == 0: // the bucket itself
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		http.Error(w, "<Error><Code>PreconditionFailed</Code></Error>", http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		b.objects[r.URL.Path] = body
		w.Header().Set("ETag", `"0"`)
	case r.Method == http.MethodDelete:
		delete(b.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
	default:
		w.Header().Set("ETag", `"0"`)
		http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(content))
	}
}

func (b *bucket) list(w http.ResponseWriter, path, prefix string) {
	bucketPath := "/" + strings.Trim(path, "/") + "/"
	var contents strings.Builder
	n := 0
	for _, name := range slices.Sorted(maps.Keys(b.objects)) {
		key, ok := strings.CutPrefix(name, bucketPath)
		if !ok || !strings.HasPrefix(key, prefix) {
			continue
		}
		n++
		fmt.Fprintf(&contents, "<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>",
			key, len(b.objects[name]), hex.EncodeToString([]byte("0")))
	}
	fmt.Fprintf(w, `<ListBucketResult><Name>state</Name><Prefix>%s</Prefix><KeyCount>%d</KeyCount><IsTruncated>false</IsTruncated>%s</ListBucketResult>`,
		prefix, n, contents.String())
}
