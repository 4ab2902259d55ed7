package pipeline

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

const (
	connectionGUIDText = "0a1b2c3d-1111-2222-3333-444455556666"
	roleText           = "arn:aws:iam::111122223333:role/deploy"
	canary             = "canary-job-token"
)

// environment is a job of the minimal step with changes; an empty value removes.
func environment(changes map[string]string) Lookup {
	env := map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION":                        "https://dev.azure.com/org/",
		"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": canary,
		"ENDPOINT_URL_" + connectionGUIDText:                      "https://aws.amazon.com/",
		"ENDPOINT_AUTH_SCHEME_" + connectionGUIDText:              "None",

		"SYSTEM_HOSTTYPE":           "build",
		"SYSTEM_TEAMPROJECT":        "Shop",
		"BUILD_DEFINITIONNAME":      "deploy all",
		"BUILD_BUILDID":             "42",
		"SYSTEM_STAGENAME":          "prod",
		"INPUT_SERVICECONNECTION":   strings.ToUpper(connectionGUIDText),
		"INPUT_ROLEARN":             " " + roleText + " ",
		"INPUT_REGION":              "eu-west-1",
		"INPUT_DURATIONSECONDS":     "3600",
		"INPUT_EXPORTFORAWSTOOLKIT": "false",
		"INPUT_PROFILENAME":         "default",
	}
	maps.Copy(env, changes)
	return func(name string) (string, bool) {
		v := env[name]
		return v, v != ""
	}
}

func step(t *testing.T, changes map[string]string) (Step, error) {
	t.Helper()
	return Read(t.Context(), environment(changes))
}

func TestMinimalStep(t *testing.T) {
	t.Parallel()
	s, err := step(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Role{
		ARN:         iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"},
		SessionName: "Shop-deploy-all-42", DurationSeconds: 3600,
	}
	if diff := cmp.Diff(want, s.Plan.Role); diff != "" {
		t.Error(diff)
	}
	if s.RoleSource != "input roleArn" || s.Pinned {
		t.Errorf("the role is from %q, pinned %v", s.RoleSource, s.Pinned)
	}
	if s.Region != "eu-west-1" || s.RegionSource != "input region" {
		t.Errorf("the region is %q from %q", s.Region, s.RegionSource)
	}
	if s.Kind != AWSOIDC || s.Plan.ConnectionID != connectionGUIDText {
		t.Errorf("the identity is %s %s", s.Kind, s.Plan.ConnectionID)
	}
	if s.Plan.STSEndpoint.URL != "https://sts.eu-west-1.amazonaws.com" {
		t.Errorf("the endpoint is %+v", s.Plan.STSEndpoint)
	}
	if len(s.Unused) > 0 {
		t.Errorf("inputs are unused: %v", s.Unused)
	}
	data, err := json.Marshal(s)
	if err != nil || strings.Contains(string(data), canary) {
		t.Errorf("ordinary JSON holds the job token: %s %v", data, err)
	}
}

// TestProblems gives one wrong thing each and wants the one line that says so.
func TestProblems(t *testing.T) {
	t.Parallel()
	azure := map[string]string{
		"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": connectionGUIDText,
		"ENDPOINT_AUTH_SCHEME_" + connectionGUIDText:                            "WorkloadIdentityFederation",
		"ENDPOINT_AUTH_PARAMETER_" + connectionGUIDText + "_TENANTID":           connectionGUIDText,
		"ENDPOINT_AUTH_PARAMETER_" + connectionGUIDText + "_SERVICEPRINCIPALID": connectionGUIDText,
		"INPUT_ENTRAAUDIENCE": "api://my-audience",
	}
	with := func(base map[string]string, pairs ...string) map[string]string {
		m := maps.Clone(base)
		if m == nil {
			m = map[string]string{}
		}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	data := "ENDPOINT_DATA_" + connectionGUIDText + "_"
	chained := map[string]string{"INPUT_CHAINROLEARN": "arn:aws:iam::444455556666:role/second"}
	tests := map[string]struct {
		changes map[string]string
		want    string // "" when the step is right
	}{
		"macro in force":             {with(nil, "INPUT_ROLESESSIONNAME", "a-$(nope)"), "roleSessionName: the variable"},
		"macros in comments":         {with(nil, "INPUT_REQUIREDCLAIMS", "rpo_ref = a\n # rpo_ref = $(nope)", "INPUT_ALLOWEDACCOUNTIDS", "#$(nope)\n111122223333", "INPUT_SESSIONPOLICYARNS", "# $(nope)\r\narn:aws:iam::aws:policy/A"), ""},
		"macros in comments, chain":  {with(chained, "INPUT_CHAINSESSIONTAGS", "# a = $(nope)\nb = c", "INPUT_CHAINTRANSITIVETAGKEYS", "# $(nope)\nb"), ""},
		"macro in a comment, roles":  {with(nil, "INPUT_ROLEARN", "", "INPUT_ENVIRONMENT", "test", "INPUT_ENVIRONMENTROLES", "# prod = $(nope)\ntest = "+roleText), ""},
		"macro after a comment":      {with(nil, "INPUT_REQUIREDCLAIMS", "# a\nrpo_ref = $(nope)"), "requiredClaims: the variable"},
		"macro after # elsewhere":    {with(nil, "INPUT_ROLEARN", "#$(nope)"), "roleArn: the variable"},
		"macros in one input":        {with(nil, "INPUT_ROLEARN", "arn:aws:iam::$(b):role/$(a)"), "the variable in \"$(a)\" does not exist, or is not available here\n     roleArn: the variable in \"$(b)\" does"},
		"macro in an idle input":     {with(nil, "INPUT_ENTRAAUDIENCE", "$(nope)"), ""},
		"no connection":              {with(nil, "INPUT_SERVICECONNECTION", ""), "serviceConnection: no service connection"},
		"two connections":            {with(nil, "INPUT_SERVICECONNECTION", connectionGUIDText+","+connectionGUIDText), "serviceConnection: one service"},
		"a name":                     {with(nil, "INPUT_SERVICECONNECTION", "aws-prod"), "a runtime variable is not resolved"},
		"not delivered":              {with(nil, "INPUT_SERVICECONNECTION", "00000000-1111-2222-3333-444455556666"), "did not pass connection"},
		"pipeline itself":            {with(nil, "INPUT_CONNECTIONTYPE", "none", "INPUT_SERVICECONNECTION", ""), ""},
		"kind by case":               {with(nil, "INPUT_CONNECTIONTYPE", "AWSOIDC"), "connectionType: "},
		"no role":                    {with(nil, "INPUT_ROLEARN", ""), "roleArn: no role is given: fill roleArn or environmentRoles, or pin a role in the service connection\n"},
		"no role, Toolkit":           {with(nil, "INPUT_ROLEARN", "", "INPUT_CONNECTIONTYPE", "awsToolkit", "INPUT_AWSSERVICECONNECTION", connectionGUIDText), "environmentRoles, or pin a role in the service connection\n"},
		"no role, no connection":     {with(nil, "INPUT_ROLEARN", "", "INPUT_CONNECTIONTYPE", "none"), "roleArn: no role is given: fill roleArn or environmentRoles\n"},
		"no role, Azure":             {with(azure, "INPUT_ROLEARN", ""), "roleArn: no role is given: fill roleArn or environmentRoles\n"},
		"pin":                        {with(nil, "INPUT_ROLEARN", "", data+"ROLEARN", roleText), ""},
		"pin of a Toolkit role":      {with(nil, "ENDPOINT_AUTH_PARAMETER_"+connectionGUIDText+"_ASSUMEROLEARN", roleText+"-2"), "the connection pins the role"},
		"pin by another input":       {with(azure, "INPUT_ENTRAAUDIENCE", "", data+"ROLEARN", roleText+"-2"), "azureServiceConnection: the connection pins the role"},
		"other role than the pin":    {with(nil, data+"ROLEARN", roleText+"-2"), "the connection pins the role"},
		"macro as pin":               {with(nil, data+"ROLEARN", "$(role)"), "the role pinned in the connection"},
		"provider ARN":               {with(nil, "INPUT_ROLEARN", "arn:aws:iam::111122223333:oidc-provider/x"), "identity provider"},
		"air-gapped":                 {with(nil, "INPUT_ROLEARN", "arn:aws-iso:iam::111122223333:role/x"), "air-gapped"},
		"unknown partition":          {with(nil, "INPUT_ROLEARN", "arn:aws-moon:iam::111122223333:role/x"), "unknown partition"},
		"role in another partition":  {with(nil, "INPUT_ROLEARN", "arn:aws-cn:iam::111122223333:role/x"), "region: "},
		"no region":                  {with(nil, "INPUT_REGION", ""), "region: no region is given: fill region, set it in the service connection, or set AWS_REGION\n"},
		"no region, no connection":   {with(nil, "INPUT_REGION", "", "INPUT_CONNECTIONTYPE", "none"), "region: no region is given: fill region or set AWS_REGION\n"},
		"region of the connection":   {with(nil, "INPUT_REGION", "", data+"REGION", "eu-west-2"), ""},
		"AWS_REGION":                 {with(nil, "INPUT_REGION", "", "AWS_REGION", "eu-west-2"), ""},
		"secret AWS_REGION":          {with(nil, "INPUT_REGION", "", "VSTS_SECRET_VARIABLES", `["aws_region"]`), "AWS_REGION is a secret variable"},
		"idle secret AWS_REGION":     {with(nil, "VSTS_SECRET_VARIABLES", `["aws_region"]`), ""},
		"macro as AWS_REGION":        {with(nil, "INPUT_REGION", "", "AWS_REGION", "$(x)"), "region: \"$(x)\" (from AWS_REGION) is not a region"},
		"region is a zone":           {with(nil, "INPUT_REGION", "eu-west-1a"), "region: "},
		"session name, Unicode":      {with(nil, "INPUT_ROLESESSIONNAME", "straße"), "roleSessionName: "},
		"session name, 2 of + -":     {with(nil, "INPUT_ROLESESSIONNAME", "+-"), ""},
		"session name, 64":           {with(nil, "INPUT_ROLESESSIONNAME", strings.Repeat("a", 64)), ""},
		"session name, 65":           {with(nil, "INPUT_ROLESESSIONNAME", strings.Repeat("a", 65)), "roleSessionName: "},
		"session name, 1":            {with(nil, "INPUT_ROLESESSIONNAME", "a"), "roleSessionName: "},
		"duration":                   {with(nil, "INPUT_DURATIONSECONDS", "43201"), "durationSeconds: "},
		"duration, sign":             {with(nil, "INPUT_DURATIONSECONDS", "+3600"), "durationSeconds: "},
		"policy":                     {with(nil, "INPUT_SESSIONPOLICY", "[]"), "sessionPolicy: not a JSON object"},
		"policy ARN":                 {with(nil, "INPUT_SESSIONPOLICYARNS", "arn:aws:iam::aws:policy/A\r\nx"), "sessionPolicyArns: line 2"},
		"policy of the account":      {with(nil, "INPUT_SESSIONPOLICYARNS", "arn:aws:iam::111122223333:policy/A"), ""},
		"policy, other account":      {with(nil, "INPUT_SESSIONPOLICYARNS", "arn:aws:iam::999999999999:policy/A"), "sessionPolicyArns: line 1: \"arn:aws:iam::999999999999:policy/A\" is not a policy of the role's account 111122223333"},
		"eleven policies":            {with(nil, "INPUT_SESSIONPOLICYARNS", strings.Repeat("arn:aws:iam::aws:policy/A\n", 11)), "at most 10"},
		"chain input alone":          {with(nil, "INPUT_CHAINEXTERNALID", "abc"), "chainExternalId: only used with"},
		"chain too long":             {with(chained, "INPUT_DURATIONSECONDS", "3601"), "durationSeconds: 3601 is more than"},
		"chain":                      {with(chained, "INPUT_CHAINSESSIONTAGS", "# note\nteam = a = b", "INPUT_CHAINTRANSITIVETAGKEYS", "TEAM"), ""},
		"tag twice by case":          {with(chained, "INPUT_CHAINSESSIONTAGS", "team=a\nTeam=b"), "line 2 repeats key"},
		"transitive, no tag":         {with(chained, "INPUT_CHAINTRANSITIVETAGKEYS", "x"), "chainTransitiveTagKeys: line 1"},
		"account":                    {with(nil, "INPUT_ALLOWEDACCOUNTIDS", "999999999999, 888888888888"), "is not in allowedAccountIds"},
		"account of second role":     {with(chained, "INPUT_ALLOWEDACCOUNTIDS", "111122223333"), "444455556666 of the second role"},
		"accounts":                   {with(chained, "INPUT_ALLOWEDACCOUNTIDS", "111122223333,\r\n444455556666"), ""},
		"account list of commas":     {with(nil, "INPUT_ALLOWEDACCOUNTIDS", ",,"), "allowedAccountIds: no account"},
		"two chosen accounts":        {with(nil, "INPUT_ALLOWEDACCOUNTIDS", "111122223333,,"), ""},
		"external id at its end":     {with(chained, "INPUT_CHAINEXTERNALID", strings.Repeat("x", 1224)), ""},
		"external id too long":       {with(chained, "INPUT_CHAINEXTERNALID", strings.Repeat("x", 1225)), "chainExternalId: must be 2–1224"},
		"external id of one":         {with(chained, "INPUT_CHAINEXTERNALID", "x"), "chainExternalId: must be 2–1224"},
		"source identity at its end": {with(chained, "INPUT_CHAINSOURCEIDENTITY", strings.Repeat("x", 64)), ""},
		"source identity too long":   {with(chained, "INPUT_CHAINSOURCEIDENTITY", strings.Repeat("x", 65)), "chainSourceIdentity: "},
		"tag at its end":             {with(chained, "INPUT_CHAINSESSIONTAGS", strings.Repeat("ü", 128)+" = "+strings.Repeat("ü", 256)), ""},
		"tag key too long":           {with(chained, "INPUT_CHAINSESSIONTAGS", strings.Repeat("ü", 129)+" = v"), "a key has 1 to 128"},
		"tag value too long":         {with(chained, "INPUT_CHAINSESSIONTAGS", "k = "+strings.Repeat("ü", 257)), "a value has at most 256"},
		"50 tags":                    {with(chained, "INPUT_CHAINSESSIONTAGS", manyTags(50)), ""},
		"transitive twice":           {with(chained, "INPUT_CHAINSESSIONTAGS", "a = b\nc = d", "INPUT_CHAINTRANSITIVETAGKEYS", "A\na\nc"), ""},
		"ten policies":               {with(nil, "INPUT_SESSIONPOLICYARNS", strings.Repeat("arn:aws:iam::aws:policy/A\n", 10)), ""},
		"policy at its end":          {with(nil, "INPUT_SESSIONPOLICY", `{"a":"`+strings.Repeat("ü", 2040)+`"}`), ""},
		"policy too long":            {with(nil, "INPUT_SESSIONPOLICY", `{"a":"`+strings.Repeat("ü", 2041)+`"}`), "sessionPolicy: 2049 characters; AWS accepts at most 2048"},
		"policy, foreign character":  {with(nil, "INPUT_SESSIONPOLICY", "{\"a\":\"\u0100\"}"), "only characters from U+0020 to U+00FF"},
		"policy, last character":     {with(nil, "INPUT_SESSIONPOLICY", "{\r\n\t\"a\": \"\u00ff\"}"), ""},
		"policies at their end":      {with(nil, "INPUT_SESSIONPOLICY", `{"a":"`+strings.Repeat("x", 2015)+`"}`, "INPUT_SESSIONPOLICYARNS", "arn:aws:iam::aws:policy/A"), ""},
		"policies too long":          {with(nil, "INPUT_SESSIONPOLICY", `{"a":"`+strings.Repeat("x", 2016)+`"}`, "INPUT_SESSIONPOLICYARNS", "arn:aws:iam::aws:policy/A"), "together have 2049 characters"},
		"shortest duration":          {with(nil, "INPUT_DURATIONSECONDS", "900"), ""},
		"duration too short":         {with(nil, "INPUT_DURATIONSECONDS", "899"), "durationSeconds: "},
		"longest duration":           {with(nil, "INPUT_DURATIONSECONDS", "43200"), ""},
		"longest second role":        {with(chained, "INPUT_DURATIONSECONDS", "3600"), ""},
		"scheme":                     {with(azure, "ENDPOINT_AUTH_SCHEME_"+connectionGUIDText, "ServicePrincipal"), "azureServiceConnection: the connection uses the scheme"},
		"no scheme":                  {with(azure, "ENDPOINT_AUTH_SCHEME_"+connectionGUIDText, ""), ""},
		"claim twice":                {with(nil, "INPUT_REQUIREDCLAIMS", "rpo_ref = a\nrpo_ref = b"), "line 2 repeats claim"},
		"claim without a pattern":    {with(nil, "INPUT_REQUIREDCLAIMS", "rpo_ref"), "line 1 is not of the form \"claim = pattern\""},
		"tag without a value":        {with(chained, "INPUT_CHAINSESSIONTAGS", "team="), "line 1 is not of the form \"key = value\""},
		"environment without role":   {with(nil, "INPUT_ROLEARN", "", "INPUT_ENVIRONMENTROLES", "test"), "line 1 is not of the form \"environment = role ARN\""},
		"claims are only comments":   {with(nil, "INPUT_REQUIREDCLAIMS", "# rpo_ref = a"), "requiredClaims: no claim"},
		"prefix":                     {with(nil, "INPUT_VARIABLEPREFIX", "1x"), "variablePrefix: "},
		"reserved prefix":            {with(nil, "INPUT_VARIABLEPREFIX", "Secret_"), "variablePrefix: "},
		"toolkit and prefix":         {with(nil, "INPUT_EXPORTFORAWSTOOLKIT", "TRUE", "INPUT_VARIABLEPREFIX", "P_"), "exportForAwsToolkit: "},
		"toolkit and profile":        {with(nil, "INPUT_EXPORTFORAWSTOOLKIT", "true", "INPUT_EXPORTAS", "profile"), "exportForAwsToolkit: "},
		"profile name":               {with(nil, "INPUT_EXPORTAS", "both", "INPUT_PROFILENAME", "a]b"), "profileName: "},
		"profile name, 64":           {with(nil, "INPUT_EXPORTAS", "both", "INPUT_PROFILENAME", strings.Repeat("a", 64)), ""},
		"profile name, 65":           {with(nil, "INPUT_EXPORTAS", "both", "INPUT_PROFILENAME", strings.Repeat("a", 65)), "profileName: "},
		"boolean":                    {with(nil, "INPUT_CHECKONLY", "yes"), "checkOnly: "},
		"timeout":                    {with(nil, "INPUT_TIMEOUTSECONDS", "4"), "timeoutSeconds: "},
		"entra":                      {azure, ""},
		"entra, own audience":        {with(azure, "INPUT_ENTRAAUDIENCE", "api://499B84AC-1321-427f-aa17-267ca6975798/x"), "entraAudience: "},
		"entra, federation":          {with(azure, "INPUT_ENTRAAUDIENCE", "API://AzureADTokenExchange"), "entraAudience: "},
		"entra, scope":               {with(azure, "INPUT_ENTRAAUDIENCE", "api://x/.default"), "without /.default"},
		"entra, Graph":               {with(azure, "INPUT_ENTRAAUDIENCE", "https://graph.microsoft.com"), "Microsoft Graph"},
		"entra, cloud":               {with(azure, data+"ENVIRONMENT", "AzureStack"), "azureServiceConnection: the connection's environment"},
		"entra, tenant":              {with(azure, "ENDPOINT_AUTH_PARAMETER_"+connectionGUIDText+"_TENANTID", "contoso.com"), "no tenant id that is a GUID"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := step(t, tt.changes)
			f, _ := fault.As(err)
			if tt.want == "" {
				if err != nil {
					t.Errorf("the step is refused: %s", f.Why)
				}
				return
			}
			if f == nil || f.Code != fault.Input {
				t.Fatalf("the fault is %+v, want one of %s", f, fault.Input)
			}
			if !strings.Contains(f.Why+"\n", tt.want) {
				t.Errorf("the reason is %q, want %q", f.Why, tt.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := step(t, map[string]string{"INPUT_REGION": "x", "INPUT_TIMEOUTSECONDS": "0", "INPUT_ROLEARN": "y"})
	f, ok := fault.As(err)
	if !ok || strings.Count(f.Why, "\n") != 2 {
		t.Fatalf("want three lines, got %+v", f)
	}
	if want := "3 problems with this step's inputs"; f.Summary != want {
		t.Errorf("the summary is %q, want %q", f.Summary, want)
	}
}

// TestOneProblemForOneMistake wants no further line about a value that is unknown or
// not understood.
func TestOneProblemForOneMistake(t *testing.T) {
	t.Parallel()
	for _, changes := range []map[string]string{
		{"INPUT_ALLOWEDACCOUNTIDS": "$(x)"},
		{"INPUT_REQUIREDCLAIMS": "$(x)"},
		{"INPUT_ALLOWEDACCOUNTIDS": "999999999999, 11112222333"},
		{"INPUT_ALLOWEDACCOUNTIDS": "11112222333"},
		{"INPUT_REQUIREDCLAIMS": "rpo_ref refs/heads/main"},
		{"INPUT_EXPORTAS": "$(x)"},
		{"INPUT_CHECKONLY": "$(x)"},
		{"INPUT_DURATIONSECONDS": "$(x)"},
		{"INPUT_CONNECTIONTYPE": "$(x)"},
		{"INPUT_CONNECTIONTYPE": "awsOidx", "INPUT_SERVICECONNECTION": ""},
		{"INPUT_STSENDPOINT": "http://127.0.0.1:99999"},
		{"INPUT_ROLEARN": strings.Repeat("x", 201)},
		{"INPUT_REGION": "$(x)"},
		{"INPUT_SESSIONPOLICY": `{"a":"` + strings.Repeat("ü", 2041) + `"}`},
		{"INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/second", "INPUT_CHAINSESSIONTAGS": "$(x) = v"},
		{"INPUT_ROLESESSIONNAME": "$(x)-$(x)"},
		{"INPUT_ROLEARN": "", "INPUT_ENVIRONMENT": "$(x)", "INPUT_ENVIRONMENTROLES": "test = " + roleText},
	} {
		_, err := step(t, changes)
		f, ok := fault.As(err)
		if !ok || f.Summary != "1 problem with this step's inputs" {
			t.Fatalf("%v: want one problem, got %+v", changes, f)
		}
		if strings.Contains(f.Why, "\n") {
			t.Errorf("%v: want one line, got %q", changes, f.Why)
		}
		if strings.Contains(f.Why, "xxx") {
			t.Errorf("%v: a long value is quoted: %q", changes, f.Why)
		}
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	s, err := step(t, map[string]string{
		"INPUT_EXPORTAS": "profile", "INPUT_VARIABLEPREFIX": "P_", "INPUT_ENVIRONMENT": "prod",
		"INPUT_AWSSERVICECONNECTION": "x", "INPUT_ENTRAAUDIENCE": "api://x",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Unused{
		{"connectionType is awsOidc", []string{"awsServiceConnection", "entraAudience"}},
		{"environmentRoles is empty", []string{"environment"}},
		{"exportAs is profile", []string{"variablePrefix"}},
	}, s.Unused); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentRoles(t *testing.T) {
	t.Parallel()
	roles := "# roles\r\nprod = " + roleText + "\r\nPROD = " + roleText + "-2\ntest=" + roleText + "-3"
	tests := map[string]struct {
		changes map[string]string
		role    string
		want    string
	}{
		"stage":                     {nil, roleText, ""},
		"input":                     {map[string]string{"INPUT_ENVIRONMENT": "PROD"}, roleText + "-2", ""},
		"public Environment.Name":   {map[string]string{"ENVIRONMENT_NAME": "test", "VSTS_PUBLIC_VARIABLES": `["Environment.Name"]`}, roleText + "-3", ""},
		"variable ENVIRONMENT_NAME": {map[string]string{"ENVIRONMENT_NAME": "test", "VSTS_PUBLIC_VARIABLES": `["ENVIRONMENT_NAME"]`}, roleText, ""},
		"release":                   {map[string]string{"SYSTEM_HOSTTYPE": "release", "RELEASE_ENVIRONMENTNAME": "test"}, roleText + "-3", ""},
		"release name in a build":   {map[string]string{"RELEASE_ENVIRONMENTNAME": "test"}, roleText, ""},
		"no line":                   {map[string]string{"INPUT_ENVIRONMENT": "dev"}, "", `no role for environment "dev"`},
		"by case":                   {map[string]string{"INPUT_ENVIRONMENT": "Test"}, "", "differs by upper and lower case"},
		"by case, first line":       {map[string]string{"INPUT_ENVIRONMENT": "Prod"}, "", `"prod" differs by upper and lower case`},
		"no role at all":            {map[string]string{"INPUT_ENVIRONMENTROLES": "# roles"}, "", "environments with a role: none"},
		"every role is named":       {map[string]string{"INPUT_ENVIRONMENT": "dev"}, "", `environments with a role: "prod", "PROD", "test"`},
		"unknown":                   {map[string]string{"SYSTEM_STAGENAME": ""}, "", "is unknown"},
		"with roleArn":              {map[string]string{"INPUT_ROLEARN": roleText}, "", "exclude each other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes := map[string]string{"INPUT_ENVIRONMENTROLES": roles, "INPUT_ROLEARN": ""}
			maps.Copy(changes, tt.changes)
			s, err := step(t, changes)
			f, _ := fault.As(err)
			if tt.want != "" {
				if f == nil || !strings.Contains(f.Why, tt.want) {
					t.Errorf("the fault is %+v, want %q", f, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatalf("the step is refused: %v", err)
			}
			if got := s.Plan.Role.ARN.String(); got != tt.role {
				t.Errorf("the role is %q, want %q", got, tt.role)
			}
		})
	}
}

func TestJobFaults(t *testing.T) {
	t.Parallel()
	const jobToken = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"
	if _, err := step(t, map[string]string{jobToken: "!" + canary + "~"}); err != nil {
		t.Errorf("a token of all the characters that a header can carry is refused: %v", err)
	}
	for name, tt := range map[string]struct {
		changes map[string]string
		want    fault.Code
	}{
		"no system connection": {map[string]string{"ENDPOINT_URL_SYSTEMVSSCONNECTION": ""}, fault.SystemEndpoint},
		"no job token":         {map[string]string{"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "", "SYSTEM_ACCESSTOKEN": canary}, fault.JobTokenMissing},
		"token with a space":   {map[string]string{jobToken: canary + " x"}, fault.JobTokenMissing},
		"token with DEL":       {map[string]string{jobToken: canary + "\x7f"}, fault.JobTokenMissing},
		"token, line break":    {map[string]string{jobToken: canary + "\nx"}, fault.JobTokenMissing},
		"server":               {map[string]string{"SYSTEM_SERVERTYPE": "OnPremises"}, fault.ServerUnsupported},
		"collision":            {map[string]string{"VSTS_PUBLIC_VARIABLES": `["System.OidcRequestUri","system_oidcrequesturi"]`}, fault.VariableCollision},
		"collision by space":   {map[string]string{"VSTS_PUBLIC_VARIABLES": `["Build.BuildId","build buildid"]`}, fault.VariableCollision},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := step(t, tt.changes)
			f, _ := fault.As(err)
			if f == nil || f.Code != tt.want {
				t.Fatalf("the error is %v, want %s", err, tt.want)
			}
			if strings.Contains(f.Message(), canary) {
				t.Errorf("the job token is quoted: %s", f.Message())
			}
		})
	}
	if _, err := step(t, map[string]string{"VSTS_PUBLIC_VARIABLES": `["a.b","a_b","Build.BuildId","build.buildid"]`}); err != nil {
		t.Errorf("names that the task does not read, or that are the same: %v", err)
	}
}

func TestSTSEndpoint(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://sts.eu-west-1.amazonaws.com":                     "eu-west-1",
		"https://STS-FIPS.us-east-1.amazonaws.com/":               "us-east-1",
		"https://sts.eu-west-1.api.aws:443":                       "eu-west-1",
		"https://sts.amazonaws.com":                               "us-east-1",
		"https://vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com": "eu-west-1",
		"http://127.0.0.1:4000":                                   "eu-west-1",
		"http://127.0.0.1:65535":                                  "eu-west-1",
		"http://127.0.0.1:1":                                      "eu-west-1",
		"http://127.0.0.1:0":                                      "",
		"http://localhost:4000":                                   "eu-west-1",
		"https://[::1]:4000":                                      "eu-west-1",
		"http://sts.eu-west-1.amazonaws.com":                      "",
		"https://sts.eu-west-1.amazonaws.com:8443":                "",
		"https://sts.eu-west-1.amazonaws.com/x":                   "",
		"https://sts.eu-west-1.amazonaws.com?":                    "",
		"https://u@sts.eu-west-1.amazonaws.com":                   "",
		"https://sts.eu-west-1.amazonaws.com.evil.org":            "",
		"https://sts.cn-north-1.amazonaws.com.cn":                 "",
		"https://sts.us-gov-west-1.amazonaws.com":                 "",
		"https://evil.org":                                        "",
		"https://vpce-1.sts.eu-west-1.vpce.evil.org":              "",
		"sts.eu-west-1.amazonaws.com":                             "",
	} {
		p := &problems{}
		got := stsEndpoint(given, iam.RoleARN{Partition: "aws"}, "eu-west-1", p)
		if (len(p.lines) == 0) != (want != "") {
			t.Errorf("%s: problems %q, want them: %v", given, p.lines, want == "")
		}
		if want != "" && got.SigningRegion != want {
			t.Errorf("%s signs for %q, want %q", given, got.SigningRegion, want)
		}
	}
	for partition, want := range map[iam.Partition]string{
		"aws-cn": "https://sts.cn-north-1.amazonaws.com.cn", "aws-eusc": "https://sts.cn-north-1.amazonaws.eu",
	} {
		if got := stsEndpoint("", iam.RoleARN{Partition: partition}, "cn-north-1", &problems{}); got.URL != want {
			t.Errorf("the endpoint of %s is %s, want %s", partition, got.URL, want)
		}
	}
}
