"""`ivr bench`: the figures behind what the README says, each beside its yardstick in the same run."""

from ivr.cli.bench.figures import bench
from ivr.cli.bench.menu import bench_menu
from ivr.cli.bench.route import bench_route
from ivr.cli.bench.shop import bench_shop
from ivr.cli.bench.speech import bench_speech
from ivr.cli.bench.understanding import bench_understand

for _command in (bench_menu, bench_route, bench_shop, bench_speech, bench_understand):
    bench.add_command(_command)

COMMANDS = (bench,)
