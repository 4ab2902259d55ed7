package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const canary = "c4n4ry-d0-n0t-pr1nt"

// probes are the shapes in which a secret tends to slip into a message.
func probes(v secret.Value) map[string]any {
	type hidden struct{ v secret.Value }
	type shown struct{ V secret.Value }
	return map[string]any{
		"value": v, "pointer": &v, "hidden field": hidden{v}, "hidden pointer": &hidden{v},
		"shown field": shown{v}, "slice": []secret.Value{v}, "hidden slice": []hidden{{v}},
		"map": map[string]secret.Value{"k": v}, "any": []any{v, &v},
		"error": fmt.Errorf("reading: %v %w", v, errors.New("x")),
	}
}

func TestNeverPrinted(t *testing.T) {
	t.Parallel()
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%p", "%10s", "%-5v"}
	for name, p := range probes(secret.New(canary)) {
		for _, verb := range verbs {
			assertClean(t, name+" "+verb, fmt.Sprintf(verb, p))
		}
		js, err := json.Marshal(p)
		assertClean(t, name+" json", fmt.Sprint(string(js), err))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "p", p)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", p)
		assertClean(t, name+" slog", log.String())
		var g bytes.Buffer
		_ = gob.NewEncoder(&g).Encode(p)
		assertClean(t, name+" gob", g.String())
	}
}

func assertClean(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(text, form) {
			t.Errorf("%s: the secret was printed: %s", where, text)
		}
	}
}

func TestRevealAndEmpty(t *testing.T) {
	t.Parallel()
	var zero secret.Value
	value := secret.New(canary)
	if !zero.Empty() || !secret.New("").Empty() {
		t.Error("a value without a text is not empty")
	}
	if value.Empty() {
		t.Error("a value with a text is empty")
	}
	if value.Reveal() != canary || zero.Reveal() != "" {
		t.Error("Reveal returns something else than what was wrapped")
	}
}
