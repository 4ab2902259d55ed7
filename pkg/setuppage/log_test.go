package setuppage_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

const told = `##[section]Starting: Assume the deploy role
role:          arn:aws:iam::111122223333:role/deploy (from input roleArn)
region:        eu-west-1 (from input region)
issuer:        https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject:       sc://contoso-eng/payments/aws-prod
audience:      api://AzureADTokenExchange
AWS condition keys: aud = api://AzureADTokenExchange, sub = sc://contoso-eng/payments/aws-prod
##[error]AAR-STS-ACCESS-DENIED: AWS does not allow this identity to assume the role
Why: AWS says: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity
What was presented to AWS:
  issuer (provider URL):  https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
  client id, :aud:        api://AzureADTokenExchange
  :sub:                   sc://contoso-eng/payments/aws-prod
##[section]Finishing: Assume the deploy role
`

const exchanged = `issuer:        https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject:       sc://contoso-eng/payments/azure
AWS sees:      :aud = api://AzureADTokenExchange, :sub = sc://contoso-eng/payments/azure
exchanged at Microsoft Entra for a token of the audience api://aws:
issuer:        https://login.microsoftonline.com/7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587/v2.0
subject:       object
AWS sees:      :aud = client, :oaud = application, :sub = object
`

// eachLine puts a text before every line.
func eachLine(text, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix)
}

func TestFromLog(t *testing.T) {
	t.Parallel()
	const stamp = "2026-11-25T23:04:43.1234567Z "
	pieces := strings.NewReplacer(deploy+" ", `"arn:aws:iam::111122223333:role/" + "deploy" `, ": "+subject, `: "sc://con" + "toso-eng/paym" + "ents/aws-" + "prod"`, issuer, `"https://vstoken.dev.azure.com/0f8a7" + "c52-3d1b-4e6a-9b7e-5c2d41a09f13"`)
	link := setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/contoso-eng/", Project: "payments", Extension: extension}, denial())
	withoutCode := denial()
	withoutCode.Code = ""
	_, seen, _ := strings.Cut(told, "##[error]")
	for name, tt := range map[string]struct {
		log  string
		want setuppage.Denial
	}{
		"as shown":            {told, denial()},
		"raw":                 {"\ufeff" + eachLine(told, stamp), denial()},
		"with CRLF":           {strings.ReplaceAll(told, "\n", "\r\n"), denial()},
		"coloured":            {eachLine(told, "\x1b[31m"), denial()},
		"in pieces":           {eachLine(pieces.Replace(told), stamp), denial()},
		"a run that succeeds": {strings.TrimSuffix(told, seen), withoutCode},
		"only a link":         {stamp + "Set-up page, filled in: " + link + "\n", denial()},
		"the last link":       {"https://x/_settings/e.x.setup#denial=e30\n" + link + " \nrole: x\n", denial()},
		"exchanged at Entra": {exchanged, setuppage.Denial{
			Issuer: "https://login.microsoftonline.com/" + tenant + "/v2.0", Subject: "object", Audience: "client", OriginalAudience: "application",
		}},
		"exchange that is denied before Entra": {strings.SplitAfter(exchanged, "exchanged")[0], setuppage.Denial{
			Issuer: issuer, Subject: "sc://contoso-eng/payments/azure", Audience: claims.TokenExchangeAudience,
		}},
	} {
		got, ok := setuppage.FromLog(tt.log)
		if !ok {
			t.Errorf("%s: no identity found", name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What the task really prints is understood, with the link to the page and without.
func TestLogsOfTheTask(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../cmd/assume-aws-role/testdata/script/log_denied.txtar")
	if err != nil {
		t.Fatal(err)
	}
	want := denial()
	want.Role = "arn:aws:iam::111122223333:role/denied"
	link := regexp.MustCompile(`.*/_settings/.*\n`)
	if !link.Match(data) {
		t.Error("the log has no link to the page")
	}
	for name, log := range map[string]string{"with the link": string(data), "without": link.ReplaceAllString(string(data), "")} {
		got, ok := setuppage.FromLog(log)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: reports %v (-want +got):\n%s", name, ok, diff)
		}
	}
}

func TestLogsWithoutAnIdentity(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]string{
		"empty":           "",
		"another step":    "Starting: Build\nDone\n",
		"only the error":  "##[error]AAR-STS-ACCESS-DENIED: AWS does not allow this identity to assume the role\n",
		"masked subject":  strings.ReplaceAll(told, subject, "***"),
		"masked issuer":   strings.ReplaceAll(told, issuer, "***"),
		"turned writing":  strings.ReplaceAll(told, "aws-prod", "aws\u202eprod"),
		"a hostile link":  "https://x/_settings/e.x.setup#denial=" + strings.Repeat("A", 5000),
		"link and no end": "/_settings/",
	} {
		if d, ok := setuppage.FromLog(log); ok {
			t.Errorf("%s: taken as %+v", name, d)
		}
	}
}

// The end of a very long log counts, because a failure stands there.
func TestLongLog(t *testing.T) {
	t.Parallel()
	got, ok := setuppage.FromLog(strings.Repeat("noise\n", 1<<18) + told)
	if diff := cmp.Diff(denial(), got); diff != "" || !ok {
		t.Errorf("reports %v (-want +got):\n%s", ok, diff)
	}
}

func FuzzFromLog(f *testing.F) {
	f.Add(told)
	f.Add(exchanged)
	f.Fuzz(func(t *testing.T, log string) {
		d, ok := setuppage.FromLog(log)
		if complete := !slices.Contains([]string{d.Issuer, d.Subject, d.Audience}, ""); ok && !complete {
			t.Errorf("an incomplete identity is reported: %+v", d)
		}
	})
}
