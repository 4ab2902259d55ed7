package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const (
	trustPolicyCommand = "trust-policy"
	generateCommand    = "trust-policy generate"
	checkCommand       = "trust-policy check"
)

const trustPolicyUsage = `usage:
  assume-aws-role trust-policy generate …   write an IAM trust policy for one identity
  assume-aws-role trust-policy check …      test a trust policy against a token's claims
`

func trustPolicy(ctx context.Context, e Env, args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "generate":
			return generatePolicy(e, args[1:])
		case "check":
			return checkPolicy(ctx, e, args[1:])
		}
		if isHelp(args[0]) {
			fmt.Fprint(e.Stdout, trustPolicyUsage)
			return exitOK
		}
	}
	return misuse(e, trustPolicyCommand, "the subcommand generate or check is required")
}

const generateUsage = `usage: assume-aws-role trust-policy generate --identity KIND --account ID [flags]

Writes a trust policy that admits exactly one identity, and the code that creates the
role and the IAM identity provider it needs.

  --identity service-connection   --org --org-id --project --connection
  --identity pipeline             --org --org-id --project --pipeline
  --identity entra-connection     --tenant-id --org-id --connection-id
  --identity entra-exchange       --tenant-id --token-version --object-id --audience, and --client-id for version 2
  --migrate       adds the statement of the Azure DevOps issuer to that of the Entra issuer;
                  requires the flags of service-connection and of the Entra identity

  --account ID          AWS account of the role, 12 digits
  --role [/PATH/]NAME   role that the code creates (default azure-pipelines-deploy)
  --existing-provider   the code does not create the identity provider
  --partition NAME      aws (default), aws-cn, aws-us-gov, aws-eusc
  --org NAME            Azure DevOps organisation
  --org-id GUID         its ID: the end of the issuer that each run prints
  --project NAME        project
  --connection NAME     service connection
  --connection-id GUID  its ID: resourceId in the address of its page
  --pipeline NAME       pipeline
  --tenant-id GUID      Entra tenant
  --token-version 1|2   version of the access token (requestedAccessTokenVersion)
  --client-id GUID      application (client) ID of the connection's identity
  --object-id GUID      object ID of its service principal
  --audience ID         version 1: Application ID URI; version 2: client ID of the audience application
  --format FORMAT       json (default), terraform, cloudformation, aws-cli

Exit status: 0 written, 2 usage.
`

func generatePolicy(e Env, args []string) int {
	var s trustpolicy.Spec
	var format string
	c := newCommandLine(generateCommand, generateUsage)
	for name, target := range map[string]*string{
		"identity": &s.Identity, "account": (*string)(&s.Account), "partition": (*string)(&s.Partition), "role": &s.Role,
		"org": &s.Org, "org-id": &s.OrgID, "project": &s.Project, "connection": &s.Connection,
		"connection-id": &s.ConnectionID, "pipeline": &s.Pipeline, "tenant-id": &s.TenantID,
		"token-version": &s.TokenVersion, "client-id": &s.ClientID, "object-id": &s.ObjectID, "audience": &s.Audience,
	} {
		c.text(target, name, "")
	}
	c.toggle(&s.Migrate, "migrate")
	c.toggle(&s.ExistingProvider, "existing-provider")
	c.text(&format, "format", "json")
	if done, status := c.parse(e, args); done {
		return status
	}
	g, problems := trustpolicy.Generate(s)
	said := formatProblem(format, trustpolicy.Formats...)
	for _, p := range problems {
		said = append(said, "--"+p.Field+": "+p.Text)
	}
	if len(said) > 0 {
		return misuse(e, generateCommand, said...)
	}
	fmt.Fprint(e.Stdout, g.Format(format))
	noteGenerated(e, g)
	return exitOK
}

// noteGenerated tells people what a program that reads the policy need not know.
func noteGenerated(e Env, g trustpolicy.Generated) {
	fmt.Fprintf(e.Stderr, "The policy has %d of the %d characters that IAM allows by default.\n", g.Length, trustpolicy.MaxLength)
	if g.Length > trustpolicy.MaxLength {
		fmt.Fprintln(e.Stderr, "It is too long: raise the quota \"Role trust policy length\", or use two roles.")
	}
	if g.Predicted {
		fmt.Fprintln(e.Stderr, "What AWS sees of a connection's Entra token is predicted from AWS's documented rules and not yet proven: try it with checkOnly before you rely on it.")
	}
}

const checkUsage = `usage: assume-aws-role trust-policy check --policy FILE|- (--claims FILE | --token FILE) [--format text|json]

Looks for risks in a trust policy and evaluates it for an identity. The first line is
the verdict.

  --policy FILE    the policy, - for standard input: the document itself, the output of
                   "aws iam get-role", a CloudFormation template in JSON, or Terraform's JSON
  --claims FILE    the claims of a token as JSON, or the output of "token inspect --format json"
  --token FILE     a token, - for standard input
  --format FORMAT  text (default), json

Exit status: 0 admitted and no error found, 1 fault, 2 usage, 3 check failed.
`

func checkPolicy(ctx context.Context, e Env, args []string) int {
	var policyFile, claimsFile, tokenFile, format string
	c := newCommandLine(checkCommand, checkUsage)
	c.text(&policyFile, "policy", "")
	c.text(&claimsFile, "claims", "")
	c.text(&tokenFile, "token", "")
	c.text(&format, "format", "text")
	if done, status := c.parse(e, args); done {
		return status
	}
	if problems := append(sources(policyFile, claimsFile, tokenFile), formatProblem(format, "text", "json")...); len(problems) > 0 {
		return misuse(e, checkCommand, problems...)
	}
	policy, err := readPolicy(ctx, e, policyFile)
	if err != nil {
		return broken(e, err)
	}
	identity, err := readClaims(ctx, e, claimsFile, tokenFile)
	if err != nil {
		return broken(e, err)
	}
	verdict := trustpolicy.Check(policy, identity)
	printVerdict(e, format, verdict)
	if !verdict.Passes {
		return exitFailed
	}
	return exitOK
}

func readPolicy(ctx context.Context, e Env, file string) (*trustpolicy.Policy, error) {
	text, err := readInput(ctx, e, "--policy", file)
	if err != nil {
		return nil, err
	}
	policy, err := trustpolicy.Read(text)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	return policy, nil
}

func sources(policy, claims, token string) []string {
	var problems []string
	if policy == "" {
		problems = append(problems, "--policy: required")
	}
	if (claims == "") == (token == "") {
		problems = append(problems, "exactly one of --claims and --token is required")
	}
	if policy == "-" && (claims == "-" || token == "-") {
		problems = append(problems, "only one of --policy, --claims and --token can be -")
	}
	return problems
}

func readClaims(ctx context.Context, e Env, claimsFile, tokenFile string) (claims.UnverifiedClaims, error) {
	if tokenFile != "" {
		return readToken(ctx, e, "--token", tokenFile)
	}
	text, err := readInput(ctx, e, "--claims", claimsFile)
	if err != nil {
		return claims.UnverifiedClaims{}, err
	}
	c, err := claims.Parse(text)
	if err != nil {
		return c, fmt.Errorf("--claims: %w", err)
	}
	return c, nil
}

func printVerdict(e Env, format string, v trustpolicy.Verdict) {
	if format == "json" {
		printJSON(e, v)
		return
	}
	var b strings.Builder
	b.WriteString(v.Line + "\n")
	for _, s := range v.Decision.Statements {
		applies := "does not apply"
		if s.Applies {
			applies = "applies"
		}
		fmt.Fprintf(&b, "\nstatement %d%s (%s): %s\n", s.Number, spaced(visible(s.Sid)), s.Effect, applies)
		for _, reason := range s.Reasons {
			mark := "no"
			if reason.Holds {
				mark = "ok"
			}
			fmt.Fprintf(&b, "  %s  %s\n", mark, visible(reason.Text))
		}
	}
	printFindings(&b, v.Findings)
	fmt.Fprint(e.Stdout, b.String())
}

func printFindings(b *strings.Builder, findings []trustpolicy.Finding) {
	if len(findings) > 0 {
		b.WriteString("\nfindings:\n")
	}
	for _, f := range findings {
		where := "policy"
		switch {
		case f.OfToken:
			where = "token"
		case f.Statement > 0:
			where = fmt.Sprintf("statement %d", f.Statement)
		}
		fmt.Fprintf(b, "  %s: %s: %s\n", f.Level, where, visible(f.Text))
	}
}

// spaced puts a space before a text that may be empty.
func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
