package setuppage

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

//go:embed testdata/host.html testdata/host.js
var standIn embed.FS

// world is the stand-in for Azure DevOps, and another site that serves the extension, as
// the Marketplace does. Two names of loopback make them two sites.
type world struct {
	extension extension
	// host and content are the origins of the two sites.
	host, content string
}

func newWorld(t *testing.T, e extension) *world {
	t.Helper()
	w := &world{extension: e}
	host := httptest.NewServer(http.HandlerFunc(w.serveHost))
	t.Cleanup(host.Close)
	content := httptest.NewServer(http.HandlerFunc(w.serveContent))
	t.Cleanup(content.Close)
	_, port, err := net.SplitHostPort(content.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w.host, w.content = host.URL, "http://localhost:"+port
	return w
}

// serveHost shows the hub at its address, and nothing anywhere else.
func (w *world) serveHost(out http.ResponseWriter, r *http.Request) {
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/stand-in/host.js":
		out.Header().Set("Content-Type", "application/javascript")
		w.send(out, "testdata/host.js")
	case r.URL.Path == "/stand-in/hub.json":
		_ = json.NewEncoder(out).Encode(map[string]string{
			"name": w.extension.hub.Properties.Name, "address": w.content + "/" + w.extension.hub.Properties.URI,
		})
	case len(segments) == 4 && segments[2] == "_settings" && segments[3] == w.extension.id+"."+w.extension.hub.ID:
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.send(out, "testdata/host.html")
	case segments[0] == "near":
		w.serveContent(out, r)
	case r.URL.Path == "/favicon.ico":
		out.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(out, r)
	}
}

func (w *world) send(out http.ResponseWriter, name string) {
	data, err := standIn.ReadFile(name)
	if err != nil {
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = out.Write(data)
}

// serveContent serves the addressable parts, with the types that the package gives them.
// Below /blocked a header forbids WebAssembly.
func (w *world) serveContent(out http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"), "near/")
	name, blocked := strings.CutPrefix(name, "blocked/")
	kind, served := w.extension.addressable[name]
	if !served {
		http.NotFound(out, r)
		return
	}
	if blocked {
		out.Header().Set("Content-Security-Policy", "script-src 'self'")
	}
	out.Header().Set("Content-Type", kind)
	out.Header().Set("Cache-Control", "max-age=3600")
	_, _ = out.Write(w.extension.parts[name])
}
