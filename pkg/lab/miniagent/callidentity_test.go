package miniagent

import "testing"

func TestCredentialProcess(t *testing.T) {
	t.Parallel()
	const config = "[default]\nregion = eu-west-1\ncredential_process = \"/a b/x\" credential-process 1\n" +
		"[profile other]\r\nregion=x\r\ncredential_process=/y credential-process 2\r\n[profile none]\nregion = z\n"
	for _, tt := range []struct{ profile, want string }{
		{"", `"/a b/x" credential-process 1`},
		{"default", `"/a b/x" credential-process 1`},
		{"other", "/y credential-process 2"},
		{"none", ""},
		{"absent", ""},
	} {
		if got := credentialProcess(config, tt.profile); got != tt.want {
			t.Errorf("credentialProcess(%q) = %q, want %q", tt.profile, got, tt.want)
		}
	}
}
