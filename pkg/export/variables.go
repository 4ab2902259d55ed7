package export

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// The names that a step maps in its env: block.
var (
	keyNames    = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	regionNames = []string{"AWS_REGION", "AWS_DEFAULT_REGION"}
)

// variables sets the five variables, and the AWS Toolkit's names beside them when asked to.
func (x Exporter) variables() {
	prefix := x.Step.Export.Prefix
	x.secrets(prefix+keyNames[0], prefix+keyNames[1], prefix+keyNames[2])
	x.regions(prefix)
	if x.Step.Export.AWSToolkit {
		x.secrets("AWS.AccessKeyID", "AWS.SecretAccessKey", "AWS.SessionToken")
	}
	x.envBlock(prefix)
	x.Out.Print("", "The credentials expire at "+report.Stamp(x.Result.Session.Credentials.Expires)+"; they do not renew. exportAs: profile does.")
}

// regions sets the region. AWS.Region and AWS_REGION fall on the same environment key, so
// a public AWS.Region must not be left with another value.
func (x Exporter) regions(prefix string) {
	for _, name := range regionNames {
		x.plain(prefix+name, x.Step.Region)
	}
	if prefix == "" && (x.Step.Export.AWSToolkit || x.Held.Public("AWS.Region")) {
		x.plain("AWS.Region", x.Step.Region)
	}
}

func (x Exporter) secrets(id, key, token string) {
	c := x.Result.Session.Credentials
	values := map[string]secret.Value{id: secret.New(c.AccessKeyID), key: c.SecretAccessKey, token: c.SessionToken}
	for _, name := range []string{id, key, token} {
		// expressible has ruled the only error out.
		_ = x.Out.SetSecretVariable(name, values[name])
		if x.Held.Public(name) || x.Held.Secret(name) {
			x.Out.Print("replaced: " + name + " was a variable of this job before")
		}
	}
	x.Out.Print("exporting as secret: " + id + ", " + key + ", " + token)
}

// envBlock prints what a script step needs: the agent keeps secret variables from scripts
// that do not map them. A name that a public variable holds is left out of the block and
// set in the script instead, because the variable takes precedence over the block.
func (x Exporter) envBlock(prefix string) {
	lines, beaten := []string{"", "To use them in a script step, map them there:", "  env:"}, []string{}
	for _, name := range append(append([]string{}, keyNames...), regionNames...) {
		switch {
		case x.beaten(prefix, name):
			beaten = append(beaten, name)
		case x.Held.Secret(prefix+name) && strings.HasSuffix(name, "REGION"):
			lines = append(lines, "    "+name+": "+x.Step.Region)
		default:
			lines = append(lines, "    "+name+": $("+prefix+name+")")
		}
	}
	x.Out.Print(lines...)
	x.inScript(prefix, beaten)
}

// beaten reports whether a public variable of the job takes precedence over the line of
// name in an env: block, with another value than that line would give.
func (x Exporter) beaten(prefix, name string) bool {
	variable, public := x.Held.Variable(name)
	if !public || strings.EqualFold(variable, prefix+name) || prefix == "" && strings.EqualFold(variable, "AWS.Region") {
		return false
	}
	return !strings.HasSuffix(name, "REGION") || x.Held.Value(name) != x.Step.Region
}

// inScript says how a script sets names that its env: block cannot.
func (x Exporter) inScript(prefix string, names []string) {
	if len(names) == 0 {
		return
	}
	x.Out.Print("", "Variables of this job take precedence over the env: block for "+strings.Join(names, ", ")+"; set them in the script instead:")
	for _, name := range names {
		if strings.HasSuffix(name, "REGION") {
			x.Out.Print("  export "+name+"="+x.Step.Region+"        (Bash)", "  $env:"+name+" = '"+x.Step.Region+"'   (PowerShell)")
			continue
		}
		x.warn("The job has a public variable that becomes " + name + ": it takes precedence over an env: block that maps " + name + ": $(" + prefix + name + "). " +
			"Remove it from the pipeline's variables and variable groups.")
	}
}
