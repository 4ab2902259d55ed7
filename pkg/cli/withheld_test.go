package cli_test

import (
	"io"
	"maps"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

// Parts of secrets that occur in no message by chance.
const coreA, coreB, coreC = "Kj7xQ2mZp9Lw", "w3RtYh5nBv2c", "x8AqU6sDf4Gz"

// kinds are secrets as people have them.
var kinds = map[string]string{
	"password":      coreA + "-" + coreB,
	"unseen signs":  coreA + "\u00a0" + coreB + "\u200b" + coreC + "\u00ad",
	"soft":          coreA[:4] + "\u00ad" + coreA[4:8] + "\u2060" + coreA[8:],
	"list":          coreA + "," + coreB + "\n" + coreC,
	"pairs":         coreA + " = " + coreB + "\n# " + coreC,
	"windows lines": coreA + "\r\n" + coreB + "\r\n",
	"padded":        "  " + coreA + " \t\n",
	"json":          `{"` + coreA + `": "` + coreB + `"}`,
	"url":           "https://" + coreA + ":" + coreB + "@example.com/" + coreC,
	"quoted":        `"` + coreA + `\` + coreB + `'`,
	"arn":           "arn:aws:iam::111122223333:user/" + coreA,
	"guid":          "7c9a4e1b-3d5f-4a8c-9b2e-6f0d1c8a5e73",
	"number":        "748392615043",
	"command":       "##vso[task.setvariable variable=x]" + coreA,
}

// cores are the parts of a secret that must not be seen.
func cores(secret string) []string {
	var out []string
	for _, c := range []string{coreA, coreB, coreC, "7c9a4e1b-3d5f-4a8c-9b2e-6f0d1c8a5e73", "748392615043"} {
		if strings.Contains(bare(secret), bare(c)) {
			out = append(out, c)
		}
	}
	return out
}

// bare is what a reader sees of a text, in lower case.
func bare(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, s))
}

// spellings are how an input may hold a secret.
var spellings = map[string]func(string) string{
	"whole":      func(s string) string { return s },
	"embedded":   func(s string) string { return "before" + s + "after" },
	"a line":     func(s string) string { return "first\n" + s + "\nlast" },
	"a pair":     func(s string) string { return "rpo_ref = " + s + "\nfoo" },
	"a key":      func(s string) string { return s + " = x\nfoo" },
	"upper case": strings.ToUpper,
	"half":       func(s string) string { return s[:len(s)/2] },
	"no-break":   func(s string) string { return strings.Join(strings.Split(s, ""), "\u00a0") },
	"zero width": func(s string) string { return s[:3] + "\u200b" + s[3:] },
	"a macro":    func(s string) string { return "$(" + s + ")" },
}

// fitting are shapes in which an input accepts a secret.
var fitting = map[string]string{
	"environmentRoles": "SECRET = arn:aws:iam::111122223333:role/other", "sessionPolicyArns": "arn:aws:iam::999988887777:policy/SECRET",
	"chainSessionTags": "team = SECRET\nteam = SECRET", "chainTransitiveTagKeys": "SECRET", "stsEndpoint": "https://SECRET.example.com",
	"allowedAccountIds": "999988887777,SECRET", "requiredClaims": "rpo_ref = SECRET\nSECRET = x", "sessionPolicy": `{"Sid": "SECRET"}`,
}

// surroundings are what an input needs to be used.
var surroundings = map[string]map[string]string{
	"environmentRoles": {"INPUT_ROLEARN": ""},
	"environment":      {"INPUT_ROLEARN": "", "INPUT_ENVIRONMENTROLES": "test = arn:aws:iam::111122223333:role/deploy"},
	"profileName":      {"INPUT_EXPORTAS": "profile"},
	"exportAs":         {"INPUT_VARIABLEPREFIX": "P_"},
	"entraAudience":    {"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": connection},
}

// TestSecretsInInputsAreNotShown puts secrets of many kinds in many spellings into every
// input. No message may show six characters in a row of what is secret, whatever comes of
// the step. A role and an audience that hold one are told on purpose, so only those that
// are refused count.
func TestSecretsInInputsAreNotShown(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(services{token: tokenOf(ownSubject), secret: "canary-secret", onSTS: func() {}})
	t.Cleanup(server.Close)
	combinations, temp := 0, t.TempDir()
	for f := range reflect.TypeFor[pipeline.Inputs]().Fields() {
		input := f.Tag.Get("env")
		shapes := maps.Clone(spellings)
		if shape := fitting[input]; shape != "" {
			shapes["fitting"] = func(s string) string { return strings.ReplaceAll(shape, "SECRET", s) }
		}
		for kind, secret := range kinds {
			for spelling, spell := range shapes {
				combinations++
				env := jobOf(server.URL)
				maps.Copy(env, map[string]string{"AGENT_TEMPDIRECTORY": temp, "VSTS_SECRET_VARIABLES": `["other","my.secret"]`, "SECRET_MY_SECRET": secret})
				if strings.HasPrefix(input, "chain") {
					env["INPUT_CHAINROLEARN"] = "arn:aws:iam::111122223333:role/second"
				}
				maps.Copy(env, surroundings[input])
				env["INPUT_"+strings.ToUpper(input)] = spell(secret)
				for _, line := range showing(t, env, secret) {
					t.Errorf("%s, %s, %s: the secret shows in %s", input, kind, spelling, line)
				}
			}
		}
	}
	t.Logf("%d combinations", combinations)
	const least = 195
	if combinations < least {
		t.Errorf("%d combinations, want %d at least", combinations, least)
	}
}

// showing are the lines of a run that show a part of the secret. Commands that the agent
// obeys without a word in the log are left out.
func showing(t *testing.T, env map[string]string, secret string) []string {
	t.Helper()
	var b strings.Builder
	cli.Run(t.Context(), cli.Env{
		Args: []string{"task"}, Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Stdout: &b, Stderr: io.Discard, Now: time.Now, Version: "1.0.0", Executable: func() (string, error) { return exec.LookPath("true") },
	})
	var out []string
	for line := range strings.Lines(b.String()) {
		silent := strings.HasPrefix(line, "##vso[task.setsecret]") || strings.HasPrefix(line, "##vso[task.setvariable ") || strings.HasPrefix(line, "##vso[task.settaskvariable ")
		if !silent && showsPart(bare(line), secret) {
			out = append(out, line)
		}
	}
	return out
}

// showsPart reports whether a text has six characters in a row of a secret's cores.
func showsPart(text, secret string) bool {
	const part = 6
	for _, core := range cores(secret) {
		core = bare(core)
		for i := range len(core) - part + 1 {
			if strings.Contains(text, core[i:i+part]) {
				return true
			}
		}
	}
	return false
}

// TestOtherSecretsInInputsAreNotShown: the job's token and the proxy's password count as
// secret variables do.
func TestOtherSecretsInInputsAreNotShown(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]map[string]string{
		"job token": {"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": kinds["password"]},
		"proxy password": {
			"AGENT_PROXYURL": "http://proxy.example.com:8080", "AGENT_PROXYUSERNAME": "agent", "SECRET_AGENT_PROXYPASSWORD": kinds["password"],
		},
		"proxy in a URL":   {"HTTPS_PROXY": "http://agent:" + kinds["password"] + "@proxy.example.com:8080"},
		"preserved case":   {"VSTS_SECRET_VARIABLES": `["mySecret"]`, "SECRET_mySecret": kinds["password"]},
		"two with a space": {"VSTS_SECRET_VARIABLES": `["my secret"]`, "SECRET_MY_SECRET": kinds["password"]},
	} {
		for _, input := range []string{"roleArn", "region", "roleSessionName", "variablePrefix", "allowedAccountIds"} {
			env := jobOf("http://127.0.0.1:1")
			maps.Copy(env, more)
			env["INPUT_TIMEOUTSECONDS"], env["INPUT_DURATIONSECONDS"] = "5", "1"
			env["INPUT_"+strings.ToUpper(input)] = "x" + kinds["password"]
			for _, line := range showing(t, env, kinds["password"]) {
				t.Errorf("%s, %s: the secret shows in %s", name, input, line)
			}
		}
	}
}
