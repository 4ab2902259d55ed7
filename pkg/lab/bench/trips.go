package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// proxied reaches the real host names over TLS, through the stand-in proxy.
var proxied = sandbox.EnvOptions{TLS: true}

// exchangeKind is a kind of exchange with the round trips that it may take, cold, over
// TLS 1.3.
type exchangeKind struct {
	what   string
	trips  int
	inputs map[string]string
}

// exchangeKinds are all kinds.
func exchangeKinds(s *sandbox.Sandbox) []exchangeKind {
	claims := map[string]string{"INPUT_REQUIREDCLAIMS": "rpo_ref = *"}
	chain := map[string]string{"INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/second"}
	entra := viaEntra(s)
	return []exchangeKind{
		{"one role", 4, nil},
		{"with requiredClaims", 4, claims},
		{"second role", 5, chain},
		{"Entra exchange", 5, entra},
		{"Entra exchange and second role", 6, joined(entra, chain)},
	}
}

func viaEntra(s *sandbox.Sandbox) map[string]string {
	azure, _ := s.Config().Connection("azure-prod")
	return map[string]string{
		"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": azure.ID, "INPUT_ENTRAAUDIENCE": "api://aws-sts-federation",
	}
}

// richest are the inputs of an exchange with everything in it.
func richest(s *sandbox.Sandbox) map[string]string {
	kinds := exchangeKinds(s)
	return joined(kinds[1].inputs, kinds[4].inputs)
}

func joined(maps ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range maps {
		for name, value := range m {
			all[name] = value
		}
	}
	return all
}

// roundTrip is so long that a program's own time counts for nothing beside it.
const roundTrip = 200 * time.Millisecond

// trips counts round trips on the critical path by the time that they take. Everything
// passes the stand-in proxy, whose CONNECT stands for the TCP handshake of a direct
// connection.
func (b *bench) trips(ctx context.Context) error {
	cfg := sandbox.Default()
	cfg.UserAgent = "."
	cfg.RoundTripMillis = int(roundTrip.Milliseconds())
	far, err := sandbox.New(cfg)
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer far.Close()
	for _, kind := range exchangeKinds(far) {
		counted, took, err := b.count(ctx, command{args: []string{b.bin, "task"}, env: b.environment(far, proxied, kind.inputs)})
		if err != nil {
			return err
		}
		b.add(row{
			what: "round trips, TLS 1.3, cold: " + kind.what, median: strconv.Itoa(counted), beside: ms(took) + " at " + ms(roundTrip) + " each",
			budget: strconv.Itoa(kind.trips), verdict: verdict(counted <= kind.trips),
		})
	}
	return b.rivalTrips(ctx, far)
}

// rivalTrips counts those of the rivals that know a proxy. What they take without any
// distance is not little, and not counted.
func (b *bench) rivalTrips(ctx context.Context, far *sandbox.Sandbox) error {
	for _, r := range b.rivals {
		if r.args[0] == b.node {
			continue
		}
		_, near, err := b.count(ctx, b.exchangeIn(b.world, r, proxied))
		if err != nil {
			return err
		}
		_, took, err := b.count(ctx, b.exchangeIn(far, r, proxied))
		if err != nil {
			return err
		}
		counted := int((took - near + roundTrip/2) / roundTrip)
		b.add(row{
			what: "round trips, TLS 1.3, cold: " + r.name, median: strconv.Itoa(counted),
			beside: ms(took) + " at " + ms(roundTrip) + " each, " + ms(near) + " at none",
		})
	}
	return nil
}

// count is the number of round trips in the fastest of a few runs: everything else that
// takes time only adds.
func (b *bench) count(ctx context.Context, c command) (int, time.Duration, error) {
	const tries = 3
	var all []time.Duration
	for range tries {
		took, err := b.run(ctx, c)
		if err != nil {
			return 0, 0, err
		}
		all = append(all, took)
	}
	fastest := slices.Min(all)
	return int(fastest / roundTrip), fastest, nil
}

// permanent times refusals that show in the first answer.
func (b *bench) permanent(ctx context.Context) error {
	defer func() { _ = b.world.SetFaults() }()
	for _, refusal := range refusals {
		if err := b.world.SetFaults(refusal.fault); err != nil {
			return fmt.Errorf("setting fault: %w", err)
		}
		c := b.program(transports[0], nil)
		c.exchanges = 0
		samples, err := alternate(ctx, b.Runs, b.alone(c))
		if err != nil {
			return err
		}
		const budget = 100 * time.Millisecond
		ado, sts := len(b.world.Requests(sandbox.LegADO)), len(b.world.Requests(sandbox.LegSTS))
		b.judged("permanent error: "+refusal.what, samples[0], fmt.Sprintf("%d + %d requests", ado, sts),
			fmt.Sprintf("%s, %d + %d", ms(budget), refusal.ado, refusal.sts), samples[0].median() <= budget && ado == refusal.ado && sts == refusal.sts)
	}
	return nil
}

// refusal is an answer that another request would only repeat, and the requests that may
// be made until it is told.
type refusal struct {
	what, fault string
	ado, sts    int
}

var refusals = []refusal{
	{"token endpoint 401", "ado:status=401", 1, 0},
	{"token endpoint 404", "ado:status=404", 1, 0},
	{"AccessDenied", "sts:status=403,code=AccessDenied,message=no", 1, 1},
}
