#!/usr/bin/env bash
# Common Crawl as a Slurm array: 64 jobs share one directory of runs. Slurm makes no directory for logs:
#
#     mkdir -p logs && sbatch examples/at-scale/slurm.sh
#
# A job does every 64th part of each stage and ends with code 7 where parts of others are missing, so it is called
# again until it ends with 0. A job that dies is requeued and does only what is missing.
#SBATCH --job-name=deepdive
#SBATCH --array=0-63
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=1G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=logs/%A-%a.jsonl
set -uo pipefail

runs="${DEEPDIVE_RUNS:?a directory that all nodes see}"
pipeline="${DEEPDIVE_PIPELINE:-common-crawl}"
# compute nodes without a network look below this directory, for HOST/PATH
mirror=(${DEEPDIVE_MIRROR:+--mirror "$DEEPDIVE_MIRROR"})

while true; do
    deepdive reproduce "$pipeline" --runs "$runs" --task "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
        --threads "$SLURM_CPUS_PER_TASK" --log json "${mirror[@]}"
    code=$?
    [ "$code" -eq 7 ] || exit "$code"
    sleep 60
done
