"""Run a Ray head and a second node on loopback; end the second when a line comes in."""

import sys

OWN = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_log_monitor": False}

if __name__ == "__main__":
    from ray.cluster_utils import Cluster

    port = int(sys.argv[1])
    head = {**OWN, "ray_client_server_port": port, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    second = cluster.add_node(**OWN)
    print("ready", flush=True)
    sys.stdin.readline()
    cluster.remove_node(second, allow_graceful=False)
    print("gone", flush=True)
    sys.stdin.read()
    cluster.shutdown()
