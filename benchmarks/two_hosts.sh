#!/usr/bin/env bash
# Read pictures on a cluster of two hosts, which are network namespaces of this machine.
#
#     sudo benchmarks/two_hosts.sh FOLDER
#
# The scheduler and one worker are on the first host, the other worker on the second, and
# the run is on the first. The second host has a delay of 1 ms. FOLDER is read, and the
# table is compared with that of a run without Dask. Needs root, `ip` and the extra `dask`.
set -euo pipefail
cd "$(dirname "$0")/.."
pictures=$(realpath "$1")
run=(kedro run --pipelines read --nodes read_pictures --params)
export DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=1 PYTHONPATH="$PWD/src"

pids=()
clean() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    for host in digits-1 digits-2; do ip netns del "$host" 2>/dev/null || true; done
}
trap clean EXIT

for number in 1 2; do ip netns add "digits-$number"; done
ip link add digits-link-1 netns digits-1 type veth peer name digits-link-2 netns digits-2
for number in 1 2; do
    ip -n "digits-$number" link set lo up
    ip -n "digits-$number" address add "10.99.0.$number/24" dev "digits-link-$number"
    ip -n "digits-$number" link set "digits-link-$number" up
done
ip netns exec digits-2 tc qdisc add dev digits-link-2 root netem delay 1ms 2>/dev/null \
    || echo "without a delay: this kernel has no netem"

address=tcp://10.99.0.1:8786
# Not in functions, so that $! is the process itself.
ip netns exec digits-1 dask scheduler --host 10.99.0.1 --dashboard-address 127.0.0.1:0 2>/dev/null &
pids+=($!)
for number in 1 2; do
    ip netns exec "digits-$number" dask worker "$address" --host "10.99.0.$number" --nthreads 1 \
        --dashboard-address 127.0.0.1:0 2>/dev/null &
    pids+=($!)
done

"${run[@]}" "pictures=$pictures"
cp data/07_model_output/newest_readings.csv /tmp/alone-$$.csv
ip netns exec digits-1 "${run[@]}" "pictures=$pictures,read.partition_size=5,read.scheduler=$address"
cmp data/07_model_output/newest_readings.csv /tmp/alone-$$.csv
rm /tmp/alone-$$.csv
echo "both tables are the same"
