package export

import "testing"

// TestDefaultCredentials: only a default profile with credentials outranks keys.
func TestDefaultCredentials(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                      false,
		"[default]\naws_access_key_id = AKIA\n": true,
		"[default]\r\naws_access_key_id=AKIA\r\n":             true,
		"[profile default]\ncredential_process = x":           true,
		" [ default ] # mine\n  Role_ARN = x":                 true,
		"[default]\nregion = eu-west-1":                       false,
		"[default]\nregion = aws_access_key_id":               false,
		"[default]\n# aws_access_key_id = AKIA":               false,
		"[default]\nregion = x\n[ci]\naws_access_key_id = A":  false,
		"[defaults]\naws_access_key_id = A":                   false,
		"aws_access_key_id = A\n[default]":                    false,
		"[ci]\naws_access_key_id = A\n[default]\nsso_session": true,
	} {
		if got := defaultCredentials(text); got != want {
			t.Errorf("%q has default credentials: %v", text, got)
		}
	}
}
