package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tagged is what AssumeRole takes beyond the shared parameters.
type tagged struct {
	tags           map[string]string
	transitive     []string
	externalID     string
	sourceIdentity string
}

// assumeRole checks the signature, the parameters, the trust policy and the hour
// that role chaining is limited to. Every caller is a first role's session here.
func (s *Sandbox) assumeRole(c *call) (*answer, *stsError) {
	s.requireAgent(LegSTS, c.Request)
	caller, err := s.authenticate(c, "sts")
	if err != nil {
		return nil, err
	}
	var broken constraints
	extra := taggedParameters(c.form, &broken)
	params, err := sharedParameters(c.form, &broken)
	if err != nil {
		return nil, err
	}
	if err := extra.transitiveTagged(); err != nil {
		return nil, err
	}
	account, err := s.accountOf(params.role, c)
	if err != nil {
		return nil, err
	}
	if err := checkChainTrust(account, caller, params, extra); err != nil {
		return nil, err
	}
	if params.seconds > 3600 {
		return nil, validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	sess := s.issue(params.role, params.sessionName, params.seconds, params.tokenSize)
	sess.sourceIdentity = extra.sourceIdentity
	return result("AssumeRole", sess.write), nil
}

func taggedParameters(form url.Values, c *constraints) tagged {
	t := tagged{
		tags: map[string]string{}, externalID: form.Get("ExternalId"), sourceIdentity: form.Get("SourceIdentity"),
		transitive: members(form, "TransitiveTagKeys", ""),
	}
	if form.Has("ExternalId") {
		c.length(form, "ExternalId", 2, 1224)
		c.pattern(form, "ExternalId", externalIDPattern, `[\w+=,.@:\/-]*`)
	}
	if form.Has("SourceIdentity") {
		c.length(form, "SourceIdentity", 2, 64)
		c.pattern(form, "SourceIdentity", sessionNamePattern, `[\w+=,.@-]*`)
		c.want(!strings.HasPrefix(strings.ToLower(t.sourceIdentity), "aws:"), "sourceIdentity", t.sourceIdentity, "Member must not begin with aws:")
	}
	keys, values := members(form, "Tags", ".Key"), members(form, "Tags", ".Value")
	c.want(len(keys) <= 50, "tags", strconv.Itoa(len(keys)), "Member must have length less than or equal to 50")
	c.want(len(t.transitive) <= 50, "transitiveTagKeys", strconv.Itoa(len(t.transitive)), "Member must have length less than or equal to 50")
	c.want(len(keys) == len(values), "tags", strconv.Itoa(len(values)), "Member must not be null")
	for i := range min(len(keys), len(values)) {
		checkTag(c, i+1, keys[i], values[i])
		t.tags[keys[i]] = values[i]
	}
	lower := map[string]bool{}
	for _, key := range keys {
		c.want(!lower[strings.ToLower(key)], "tags", key, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		lower[strings.ToLower(key)] = true
	}
	return t
}

func checkTag(c *constraints, at int, key, value string) {
	name := fmt.Sprintf("tags.%d.member", at)
	n := utf8.RuneCountInString(key)
	c.want(n >= 1 && n <= 128 && tagPattern.MatchString(key), name+".key", key,
		`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`)
	c.want(utf8.RuneCountInString(value) <= 256 && tagPattern.MatchString(value), name+".value", value,
		`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
}

// transitiveTagged requires that every transitive key is a tag of the request.
func (t tagged) transitiveTagged() *stsError {
	for _, key := range t.transitive {
		if _, ok := t.tags[key]; !ok {
			return &stsError{"InvalidParameterValue", http.StatusBadRequest, "The specified transitive tag key must be included in the requested tags."}
		}
	}
	return nil
}

// checkChainTrust asks the role's trust policy for every action that the request
// needs.
func checkChainTrust(account Account, caller *session, p parameters, t tagged) *stsError {
	role, ok := account.role(p.role.arn)
	actions := []string{"sts:AssumeRole"}
	if len(t.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if t.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		if !ok || !trustsCaller(role.TrustPolicy, action, caller, chainKeys(caller, p, t)) {
			return refused("AccessDenied", "User: "+caller.arn+" is not authorized to perform: "+action+" on resource: "+p.role.arn)
		}
	}
	return nil
}

// chainKeys are the condition keys of an AssumeRole request.
func chainKeys(caller *session, p parameters, t tagged) map[string][]string {
	keys := map[string][]string{
		"sts:RoleSessionName": {p.sessionName}, "aws:PrincipalArn": {caller.role}, "aws:PrincipalAccount": {caller.account},
	}
	if t.externalID != "" {
		keys["sts:ExternalId"] = []string{t.externalID}
	}
	if t.sourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{t.sourceIdentity}
	}
	for key, value := range t.tags {
		keys["aws:RequestTag/"+key] = []string{value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], key)
	}
	slices.Sort(keys["aws:TagKeys"])
	if len(t.transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = t.transitive
	}
	return keys
}
