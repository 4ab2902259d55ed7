// Package pipeline owns the agent's side of the contract: it reads a step's
// inputs, the service connection and the predefined variables from the process
// environment and turns them into one validated Step. It makes no request and
// must not know how tokens or credentials are obtained.
//
// The names of environment variables follow microsoft/azure-pipelines-agent
// src/Agent.Worker/Handlers/Handler.cs and src/Microsoft.VisualStudio.Services.Agent/Util/VarUtil.cs.
package pipeline

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/sethvargo/go-envconfig"
)

// Lookup reads one environment variable.
type Lookup func(string) (string, bool)

// Get returns the value of a variable, or the empty string.
func (l Lookup) Get(name string) string {
	v, _ := l(name)
	return v
}

// Inputs are the step's inputs as text. The tags are the names in task.json; a
// test keeps both in step.
type Inputs struct {
	ConnectionType               string `env:"connectionType"`
	ServiceConnection            string `env:"serviceConnection"`
	AWSServiceConnection         string `env:"awsServiceConnection"`
	AzureServiceConnection       string `env:"azureServiceConnection"`
	AzureDevOpsServiceConnection string `env:"azureDevOpsServiceConnection"`
	EntraAudience                string `env:"entraAudience"`

	RoleARN           string `env:"roleArn"`
	EnvironmentRoles  string `env:"environmentRoles"`
	Environment       string `env:"environment"`
	Region            string `env:"region"`
	RoleSessionName   string `env:"roleSessionName"`
	DurationSeconds   string `env:"durationSeconds"`
	SessionPolicy     string `env:"sessionPolicy"`
	SessionPolicyARNs string `env:"sessionPolicyArns"`

	ChainRoleARN           string `env:"chainRoleArn"`
	ChainExternalID        string `env:"chainExternalId"`
	ChainSessionTags       string `env:"chainSessionTags"`
	ChainTransitiveTagKeys string `env:"chainTransitiveTagKeys"`
	ChainSourceIdentity    string `env:"chainSourceIdentity"`

	AllowedAccountIDs string `env:"allowedAccountIds"`
	RequiredClaims    string `env:"requiredClaims"`

	ExportAs            string `env:"exportAs"`
	VariablePrefix      string `env:"variablePrefix"`
	ProfileName         string `env:"profileName"`
	ExportForAWSToolkit string `env:"exportForAwsToolkit"`
	MaskAccountID       string `env:"maskAccountId"`
	CheckOnly           string `env:"checkOnly"`

	STSEndpoint        string `env:"stsEndpoint"`
	TimeoutSeconds     string `env:"timeoutSeconds"`
	WaitForPropagation string `env:"waitForPropagation"`
}

// inputLookuper maps an input's name to the agent's INPUT_ variable and trims the
// value. Every input is there, if only empty: the agent sets a variable for each, so
// presence means nothing.
type inputLookuper struct{ lookup Lookup }

func (l inputLookuper) Lookup(name string) (string, bool) {
	return strings.TrimSpace(l.lookup.Get(l.Key(name))), true
}

// Key is the environment variable of an input.
func (l inputLookuper) Key(name string) string {
	return "INPUT_" + environmentKey(name)
}

// readInputs reads all inputs. It cannot fail on a user's text: every field is a
// string, and the values are parsed later, with messages of our own.
func readInputs(ctx context.Context, lookup Lookup) (Inputs, error) {
	var in Inputs
	err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: &in, Lookuper: inputLookuper{lookup}})
	if err != nil {
		return Inputs{}, fmt.Errorf("reading inputs: %w", errUnreadable)
	}
	return in, nil
}

// all lists every input by its name, in the order of the fields.
func (in Inputs) all() []field {
	v := reflect.ValueOf(in)
	fields := make([]field, v.NumField())
	for i := range fields {
		fields[i] = field{name: v.Type().Field(i).Tag.Get("env"), value: v.Field(i).String()}
	}
	return fields
}
