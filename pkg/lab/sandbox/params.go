package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits are those of the STS API model, version 2011-06-15.
var (
	sessionNamePattern = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalIDPattern  = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	tagPattern         = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	policyPattern      = regexp.MustCompile("^[\t\n\r\u0020-\u00ff]+$")
	roleARNPattern     = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/([\w+=,.@/-]*/)?([\w+=,.@-]+)$`)
	policyARNPattern   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]+$`)
)

// roleName is a role ARN taken apart; name is without the path.
type roleName struct{ arn, partition, account, name string }

func (r roleName) providerARN(issuer string) string {
	return "arn:" + r.partition + ":iam::" + r.account + ":oidc-provider/" + strings.TrimPrefix(issuer, "https://")
}

// parameters are those that both ways of assuming a role share.
type parameters struct {
	role        roleName
	sessionName string
	provider    string // ProviderId
	seconds     int
	tokenSize   int
}

// constraints collects what the API model refuses.
type constraints []string

func (c *constraints) want(ok bool, name, value, text string) {
	if !ok {
		*c = append(*c, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, name, text))
	}
}

func (c *constraints) length(form url.Values, param string, least, most int) {
	name, value := strings.ToLower(param[:1])+param[1:], form.Get(param)
	n := utf8.RuneCountInString(value)
	c.want(n >= least, name, value, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	c.want(n <= most, name, value, fmt.Sprintf("Member must have length less than or equal to %d", most))
}

func (c *constraints) pattern(form url.Values, param string, pattern *regexp.Regexp, shown string) {
	value := form.Get(param)
	c.want(pattern.MatchString(value), strings.ToLower(param[:1])+param[1:], value, "Member must satisfy regular expression pattern: "+shown)
}

func (c *constraints) whole(form url.Values, param string, otherwise, least, most int) int {
	text := form.Get(param)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	name := strings.ToLower(param[:1]) + param[1:]
	c.want(err == nil && n >= least, name, text, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	c.want(err != nil || n <= most, name, text, fmt.Sprintf("Member must have value less than or equal to %d", most))
	return n
}

func (c constraints) err() *stsError {
	switch len(c) {
	case 0:
		return nil
	case 1:
		return validation("1 validation error detected: " + c[0])
	}
	return validation(fmt.Sprintf("%d validation errors detected: %s", len(c), strings.Join(c, "; ")))
}

func validation(message string) *stsError {
	return &stsError{"ValidationError", http.StatusBadRequest, message}
}

// webIdentityParameters checks the parameters of AssumeRoleWithWebIdentity.
func webIdentityParameters(form url.Values) (parameters, *stsError) {
	var c constraints
	token := form.Get("WebIdentityToken")
	c.want(len(token) >= 4, "webIdentityToken", "", "Member must have length greater than or equal to 4")
	c.want(len(token) <= 20000, "webIdentityToken", "", "Member must have length less than or equal to 20000")
	p, err := sharedParameters(form, &c)
	p.provider = form.Get("ProviderId")
	return p, err
}

// sharedParameters checks what both actions take, after what c already found.
func sharedParameters(form url.Values, c *constraints) (parameters, *stsError) {
	p := parameters{sessionName: form.Get("RoleSessionName")}
	c.length(form, "RoleArn", 20, 2048)
	c.length(form, "RoleSessionName", 2, 64)
	c.pattern(form, "RoleSessionName", sessionNamePattern, `[\w+=,.@-]*`)
	p.seconds = c.whole(form, "DurationSeconds", 3600, 900, 43200)
	p.tokenSize = c.whole(form, "MinimumSessionTokenSize", 0, 0, 4096)
	if form.Has("Policy") {
		c.length(form, "Policy", 1, 2048)
		c.pattern(form, "Policy", policyPattern, `[\u0009\u000A\u000D\u0020-\u00FF]+`)
	}
	arns := members(form, "PolicyArns", ".arn")
	c.want(len(arns) <= 10, "policyArns", strings.Join(arns, ", "), "Member must have length less than or equal to 10")
	if err := c.err(); err != nil {
		return p, err
	}
	if err := checkPolicies(form.Get("Policy"), arns); err != nil {
		return p, err
	}
	var err *stsError
	p.role, err = parseRole(form.Get("RoleArn"))
	return p, err
}

func checkPolicies(policy string, arns []string) *stsError {
	size := len(policy)
	for _, arn := range arns {
		size += len(arn)
		if !policyARNPattern.MatchString(arn) {
			return validation("ARN " + arn + " is not valid.")
		}
	}
	if size > 2048 {
		return &stsError{"PackedPolicyTooLarge", http.StatusBadRequest, "Packed policy consumes " + strconv.Itoa(size*100/2048) + "% of allotted space, please use smaller policy."}
	}
	var doc struct {
		Statement json.RawMessage
	}
	if policy != "" && (json.Unmarshal([]byte(policy), &doc) != nil || doc.Statement == nil) {
		return &stsError{"MalformedPolicyDocument", http.StatusBadRequest, "Syntax errors in policy."}
	}
	return nil
}

func parseRole(arn string) (roleName, *stsError) {
	m := roleARNPattern.FindStringSubmatch(arn)
	switch {
	case m != nil:
		return roleName{arn, m[1], m[2], m[4]}, nil
	case strings.HasPrefix(arn, "arn:"):
		return roleName{}, validation("Request ARN is invalid")
	}
	return roleName{}, validation(arn + " is invalid")
}

// members reads a list of the query protocol: Name.member.1<suffix>, ….2, …
// Element names are compared as the protocol does, without regard to case.
func members(form url.Values, name, suffix string) []string {
	var list []string
	for i := 1; ; i++ {
		key := name + ".member." + strconv.Itoa(i) + suffix
		value, ok := lookFold(form, key)
		if !ok {
			return list
		}
		list = append(list, value)
	}
}

func lookFold(form url.Values, key string) (string, bool) {
	for name, values := range form {
		if strings.EqualFold(name, key) {
			return values[0], true
		}
	}
	return "", false
}

var regionPattern = regexp.MustCompile(`^(?:vpce-[\w-]+\.)?sts(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.`)

// regionOf is the region that a host name of STS names, empty for others.
func regionOf(host string) string {
	name := hostname(host)
	if name == "sts.amazonaws.com" {
		return "us-east-1"
	}
	if m := regionPattern.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}

func partitionOf(region string) string {
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}
