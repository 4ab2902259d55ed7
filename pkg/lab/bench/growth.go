package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// growth shows what more of the same costs: the program's time, without Node.
func (b *bench) growth(ctx context.Context) error {
	if err := b.growingRoles(ctx); err != nil {
		return err
	}
	return b.growingProfiles(ctx)
}

func (b *bench) growingRoles(ctx context.Context) error {
	lines := []int{1, 10, 100, 500}
	var actions []action
	for _, n := range lines {
		actions = append(actions, b.alone(b.program(transports[0], map[string]string{
			"INPUT_ROLEARN": "", "INPUT_ENVIRONMENT": "production", "INPUT_ENVIRONMENTROLES": environmentRoles(n),
		})))
	}
	samples, err := alternate(ctx, b.Runs, actions...)
	if err != nil {
		return err
	}
	b.grown("environmentRoles, lines", lines, samples)
	return nil
}

// environmentRoles are n lines, the last of which is the one in force.
func environmentRoles(n int) string {
	var text strings.Builder
	for i := range n - 1 {
		text.WriteString("environment-" + strconv.Itoa(i) + " = " + deployRole + "\n")
	}
	return text.String() + "production = " + deployRole
}

// grown adds a row for each size, beside the smallest.
func (b *bench) grown(what string, sizes []int, samples []sample) {
	for i, n := range sizes {
		beside := ""
		if i > 0 {
			beside = "the first " + signed(samples[i].median()-samples[0].median())
		}
		b.timed(fmt.Sprintf("%s: %d", what, n), samples[i], beside)
	}
}

// growingProfiles measures the step that writes the last of n profiles, once more each
// time.
func (b *bench) growingProfiles(ctx context.Context) error {
	counts := []int{1, 10, 50}
	var actions []action
	for _, n := range counts {
		temp := filepath.Join(b.dir, fmt.Sprintf("profiles-%d", n))
		if err := os.Mkdir(temp, 0o700); err != nil {
			return fmt.Errorf("making a temp directory: %w", err)
		}
		for i := range n {
			if _, err := b.alone(b.profileStep(temp, i))(ctx); err != nil {
				return err
			}
		}
		actions = append(actions, b.alone(b.profileStep(temp, n-1)))
	}
	samples, err := alternate(ctx, b.Runs, actions...)
	if err != nil {
		return err
	}
	b.grown("exportAs: profile, profiles of the job", counts, samples)
	return nil
}

// profileStep writes a profile by its number below a temp directory.
func (b *bench) profileStep(temp string, number int) command {
	return b.program(transports[0], map[string]string{
		"AGENT_TEMPDIRECTORY": temp, "INPUT_EXPORTAS": "profile", "INPUT_PROFILENAME": "bench-" + strconv.Itoa(number),
	})
}
