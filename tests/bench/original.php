<?php
// original.php - change in PHP, for the bench to compare with.
//
// It does what the Python original does, corrected the way PHP programmers do: cents are rounded
// from the amount, and coins that there are none of are left out.
$event = json_decode(file_get_contents('php://input'), true);
$cents = (int) round($event['amount'] * 100);
$coins = [];
foreach ([25 => 'quarters', 10 => 'dimes', 5 => 'nickels', 1 => 'pennies'] as $value => $name) {
    $count = intdiv($cents, $value);
    $cents %= $value;
    if ($count > 0) {
        $coins[] = [$count => $name];
    }
}
header('Content-Type: application/json');
echo json_encode(['res' => $coins]);
