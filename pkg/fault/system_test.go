package fault

import (
	"runtime"
	"strings"
	"testing"
)

// TestScriptOfTheAgent: the agent is configured by config.cmd on Windows.
func TestScriptOfTheAgent(t *testing.T) {
	t.Parallel()
	const remedy = "Correct the proxy settings (./config.sh --proxyurl …)."
	if got, want := forSystem("windows", remedy), `Correct the proxy settings (.\config.cmd --proxyurl …).`; got != want {
		t.Errorf("on Windows: %q, want %q", got, want)
	}
	if got := forSystem("linux", remedy); got != remedy {
		t.Errorf("on Linux: %q, want %q", got, remedy)
	}
	said := (&Fault{Code: Proxy}).Message()
	if strings.Contains(said, "config.sh") == (runtime.GOOS == "windows") {
		t.Errorf("a message on %s: %s", runtime.GOOS, said)
	}
}
