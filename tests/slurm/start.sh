#!/usr/bin/env bash
# Runs a Slurm cluster of one node on this machine, as root, until its input ends; needs Debian's slurm-wlm and munge.
#   tests/slurm/start.sh FOLDER     prints "ready"; then sinfo, sbatch... work
set -euo pipefail

# Jobs look for their configuration here, whatever the environment says: one cluster on a machine at a time.
shared=/etc/slurm/slurm.conf
exec 9>/run/lock/molenspin-test-slurm
flock 9
if [[ -e $shared ]]; then
    echo "$shared exists: this machine has a Slurm of its own" && exit 1
fi

folder=$(realpath "$1")
host=$(hostname -s)
port=$((20000 + RANDOM % 10000))
chmod 755 "$folder"
cd "$folder"
mkdir -p state spool munge

cat >slurm.conf <<EOF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
KillWait=2
MessageTimeout=100
BatchStartTimeout=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
EOF
mkdir -p "$(dirname "$shared")"
ln -sf "$folder/slurm.conf" "$shared"

stop() {
    trap - EXIT
    scancel --user="$(id -un)" 2>/dev/null || true
    # A job must end while the daemons run: its last process tells them, and tries for minutes.
    for _ in {1..100}; do
        [[ -z $(squeue --noheader 2>/dev/null) ]] && break
        sleep 0.1
    done
    kill -KILL $(jobs -p) 2>/dev/null || true
    wait
    rm -f "$shared"
}
trap stop EXIT
trap 'exit 0' TERM INT

dd if=/dev/urandom of=munge/key bs=1 count=128 status=none
chmod 600 munge/key
munged --force --foreground --key-file=munge/key --socket=munge/socket --pid-file=munge/pid \
    --log-file=munge/log --seed-file=munge/seed 2>munge/err 9>&- &
until [[ -S munge/socket ]]; do sleep 0.05; done
slurmctld -D 2>/dev/null 9>&- &
slurmd -D 2>/dev/null 9>&- &
until [[ $(sinfo --noheader --format=%T 2>/dev/null) == idle ]]; do sleep 0.1; done
echo ready
read -r _ || true
